import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'
import { EcomdbError, messageOf } from '#core/errors'
import type { StoredObject } from '#domain/backup/envelope'
import {
  BLOCK_BYTES,
  type BlockEntry,
  type FileEntry,
  isUnsafePath,
  type PhysicalManifest,
} from '#domain/backup/physical-manifest'
import { escapeField } from './manifest-file.ts'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** manifest.age of a physical snapshot before its encryption: zstd(tar{…}), see docs/formats.md. */
export async function packPhysicalManifest(
  manifest: PhysicalManifest,
  objects: ReadonlyMap<string, StoredObject>,
): Promise<Buffer> {
  const { packs, files, blocks, ...rest } = manifest
  const members: [name: string, body: Buffer][] = [
    ['manifest.json', Buffer.from(JSON.stringify(rest))],
    ['packs.tsv', lines(packs, path => [shaOf(objects, path), path])],
    ['files.tsv', lines(files, ({ path, bytes }) => [bytes, escapeField(path)])],
    [
      'blocks.tsv',
      lines(blocks, ({ file, offset, bytes, pack, frame, at, sha256 }) => [
        ...[file, offset, bytes, pack, frame, at],
        sha256,
      ]),
    ],
  ]
  const mtime = new Date(manifest.consistentAt)
  const entries = members.map(([name, body]) => {
    return { header: { name, size: body.length, mode: 0o600, mtime, type: 'file' as const }, body }
  })
  const { packTar } = await import('modern-tar')
  return await compress(await packTar(entries), {
    params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
  })
}

/** @throws EcomdbError OBJECT_DAMAGED, REPOSITORY_VERSION */
export async function unpackPhysicalManifest(
  packed: Uint8Array,
  path: string,
): Promise<PhysicalManifest> {
  // Not within: a part of ecomdb that is gone is no damage to the snapshot.
  const { unpackTar } = await import('modern-tar')
  try {
    const entries = await unpackTar(await decompress(packed))
    const member = (name: string): Buffer => {
      const entry = entries.find(({ header }) => header.name === name)
      if (!entry?.data) throw new Error(`there is no ${name} in it`)
      const { buffer, byteOffset, byteLength } = entry.data
      return Buffer.from(buffer, byteOffset, byteLength)
    }
    const head = JSON.parse(member('manifest.json').toString('utf8'))
    if (head.format !== 1 || head.method !== 'physical') throw new Error('it is of another format')
    const manifest: PhysicalManifest = {
      ...head,
      packs: Array.from(fields(member('packs.tsv')), ([, pack = '']) => pack),
      files: Array.from(fields(member('files.tsv')), fileOf),
      blocks: Array.from(fields(member('blocks.tsv')), blockOf),
    }
    for (const block of manifest.blocks) checkBlock(manifest, block)
    return manifest
  } catch (error) {
    throw new EcomdbError('OBJECT_DAMAGED', {
      what: `cannot read ${path}`,
      why: `its content is not the manifest of a physical snapshot: ${messageOf(error)}`,
      hints: ['use another copy of the repository, or an earlier snapshot: `ecomdb backup list`'],
      cause: error,
    })
  }
}

/** A string holds 512 MiB at most, which is less than the lines of 5 TiB of blocks. */
const LINES_AT_ONCE = 10_000

function lines<Item>(
  items: readonly Item[],
  fieldsOf: (item: Item) => readonly (string | number)[],
): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < items.length; at += LINES_AT_ONCE) {
    const some = items.slice(at, at + LINES_AT_ONCE)
    parts.push(Buffer.from(some.map(item => `${fieldsOf(item).join('\t')}\n`).join('')))
  }
  return Buffer.concat(parts)
}

function* fields(text: Buffer): Generator<string[]> {
  for (let at = 0; at < text.length; ) {
    const found = text.indexOf(0x0a, at)
    const end = found === -1 ? text.length : found
    if (end > at) yield text.toString('utf8', at, end).split('\t')
    at = end + 1
  }
}

function shaOf(objects: ReadonlyMap<string, StoredObject>, path: string): string {
  const object = objects.get(path)
  if (!object) throw new Error(`the manifest names ${path}, which this snapshot did not store`)
  return object.sha256
}

function fileOf([bytes, path = '']: string[]): FileEntry {
  const name = path.replace(/\\(.)/g, (_, letter: string) => ESCAPED[letter] ?? letter)
  if (isUnsafePath(name)) throw new Error(`it names the file ${JSON.stringify(name)}`)
  return { path: name, bytes: numberOf(bytes) }
}

const ESCAPED: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r' }

function blockOf(line: string[]): BlockEntry {
  const [file, offset, bytes, pack, frame, at] = line.slice(0, 6).map(numberOf)
  const sha256 = line[6] ?? ''
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Error('a block has no SHA-256')
  return {
    ...{ file: file ?? 0, offset: offset ?? 0, bytes: bytes ?? 0 },
    ...{ pack: pack ?? 0, frame: frame ?? 0, at: at ?? 0 },
    sha256,
  }
}

function numberOf(text: string | undefined): number {
  const value = Number(text)
  if (text === undefined || text === '' || !Number.isSafeInteger(value) || value < 0) {
    throw new Error(`${JSON.stringify(text)} is not a number`)
  }
  return value
}

/** A signed manifest may still be a bug's: no block may lie outside of its file. */
function checkBlock({ files, packs }: PhysicalManifest, block: BlockEntry): void {
  const file = files[block.file]
  const fits = file && block.bytes <= BLOCK_BYTES && block.offset + block.bytes <= file.bytes
  if (!fits || block.pack >= packs.length) throw new Error('a block is not of its file or pack')
}
