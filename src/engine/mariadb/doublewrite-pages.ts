import { open } from 'node:fs/promises'

/**
 * Where the doublewrite buffer is in MariaDB's system tablespace: copies of other tables' pages,
 * without meaning once the files are prepared. innochecksum takes them for pages of ibdata1, and
 * where the tables have another kind of checksum it calls them invalid (10.11, measured; on the
 * source's own ibdata1 as well).
 *
 * Offsets: fsp0fsp.h (FSP_SPACE_FLAGS), fsp0types.h (PAGE_SSIZE), trx0sys.h (TRX_SYS_DOUBLEWRITE).
 */
const FLAGS_AT = 38 + 16
const TRX_SYS_PAGE = 5
const DOUBLEWRITE_FROM_END = 200
const MAGIC = 536853855
const EXTENT_PAGES_OF_16K = 64

/** innodb_checksum_algorithm = full_crc32, the default since 10.5: flags of its own, with the size where they begin. */
const FULL_CRC32 = 16

function pageBytesOf(flags: number): number {
  const size = flags & FULL_CRC32 ? flags & 15 : (flags >> 6) & 15
  return size === 0 ? 16_384 : 512 << size
}

/** First pages of the two blocks, and how many each has; null where there is no such buffer. */
async function doublewritePages(
  path: string,
): Promise<{ blocks: [number, number]; pages: number } | null> {
  const file = await open(path)
  try {
    const { buffer: head } = await file.read(Buffer.alloc(FLAGS_AT + 4), 0, FLAGS_AT + 4, 0)
    const pageBytes = pageBytesOf(head.readUInt32BE(FLAGS_AT))
    const { buffer: page } = await file.read(
      Buffer.alloc(pageBytes),
      0,
      pageBytes,
      TRX_SYS_PAGE * pageBytes,
    )
    const at = pageBytes - DOUBLEWRITE_FROM_END + 10
    if (page.readUInt32BE(at) !== MAGIC) return null
    const pages = Math.max(EXTENT_PAGES_OF_16K, (EXTENT_PAGES_OF_16K * 16_384) / pageBytes)
    return { blocks: [page.readUInt32BE(at + 4), page.readUInt32BE(at + 8)], pages }
  } finally {
    await file.close()
  }
}

/**
 * innochecksum's argument for the files behind the first one of a system tablespace, which have no flags of
 * their own: without them it calls their first page wrong (10.11, measured).
 *
 * @param path of the first
 */
export async function systemTablespaceFlags(path: string): Promise<string[]> {
  const file = await open(path)
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, FLAGS_AT)
    return [`--tablespace-flags=${buffer.readUInt32BE(0)}`]
  } finally {
    await file.close()
  }
}

/** innochecksum's arguments for every part of a system tablespace but the doublewrite buffer. */
export async function systemTablespaceRanges(path: string): Promise<string[][]> {
  const found = await doublewritePages(path)
  if (!found) return [[]]
  const [first, second] = found.blocks.sort((a, b) => a - b)
  const end = (page: number): string => `--end-page=${page - 1}`
  const start = (page: number): string => `--start-page=${page + found.pages}`
  const between = first + found.pages < second ? [[start(first), end(second)]] : []
  return [[end(first)], ...between, [start(second)]]
}
