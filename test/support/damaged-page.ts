import { open, readFile } from 'node:fs/promises'

const PAGE_BYTES = 16_384

/** One bit of a row of "aaaa…" in a file of InnoDB's, of which the page's checksum knows nothing. */
export async function damagePage(file: string): Promise<void> {
  const bytes = await readFile(file)
  const at = bytes.indexOf('aaaa', 4 * PAGE_BYTES)
  if (at < 0) throw new Error('no row there')
  const handle = await open(file, 'r+')
  try {
    await handle.write('b', at)
  } finally {
    await handle.close()
  }
}
