import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'
import { EcomdbError, messageOf } from '#core/errors'
import type { StoredObject } from '#domain/backup/envelope'
import type { Manifest } from '#domain/backup/manifest'
import type { RestoreScripts } from '#domain/backup/restore-scripts'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** zstd's own default; a manifest is small beside its data. */
const LEVEL = 3

/** manifest.age before its encryption: zstd(tar{…}), see docs/formats.md. */
export async function packManifest(
  manifest: Manifest,
  scripts: RestoreScripts,
  objects: ReadonlyMap<string, StoredObject>,
): Promise<Buffer> {
  const mtime = new Date(manifest.proof.consistentAt)
  const files: [name: string, text: string][] = [
    ['manifest.json', JSON.stringify(manifest)],
    ['accounts.sql', scripts.accounts],
    ['schema.sql', scripts.schema],
    ['data.tsv', dataList(manifest, scripts, objects)],
    ['finish.sql', scripts.finish],
    ['optional.sql', scripts.optional],
    ['check.sql', scripts.check],
  ]
  const entries = files.map(([name, text]) => {
    const body = Buffer.from(text, 'utf8')
    return { header: { name, size: body.length, mode: 0o600, mtime, type: 'file' as const }, body }
  })
  const { packTar } = await import('modern-tar')
  return await compress(await packTar(entries), {
    params: { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_checksumFlag]: 1 },
  })
}

/** @throws EcomdbError OBJECT_DAMAGED */
export async function unpackManifest(packed: Uint8Array, path: string): Promise<Manifest> {
  let manifest: Manifest
  const { unpackTar } = await import('modern-tar')
  try {
    const entries = await unpackTar(await decompress(packed))
    const entry = entries.find(({ header }) => header.name === 'manifest.json')
    if (!entry?.data) throw new Error('there is no manifest.json in it')
    manifest = JSON.parse(Buffer.from(entry.data).toString('utf8'))
  } catch (error) {
    throw new EcomdbError('OBJECT_DAMAGED', {
      what: `cannot read ${path}`,
      why: `its content is not a manifest: ${messageOf(error)}`,
      hints: ['use another copy of the repository, or an earlier snapshot: `ecomdb backup list`'],
      cause: error,
    })
  }
  if (manifest.format !== 1) {
    throw new EcomdbError('REPOSITORY_VERSION', {
      what: `cannot read ${path}`,
      why: `its manifest is of format ${String(manifest.format)}, and this ecomdb reads format 1`,
      hints: ['use the newer ecomdb that made this snapshot'],
    })
  }
  return manifest
}

/** One line per piece, in the order of loading: path, SHA-256, schema, table, SQL. */
function dataList(
  manifest: Manifest,
  scripts: RestoreScripts,
  objects: ReadonlyMap<string, StoredObject>,
): string {
  const sqlOf = new Map(scripts.loads.map(load => [`${load.schema}\0${load.table}`, load.sql]))
  const lines: string[] = []
  for (const { schema, name, chunks } of manifest.tables) {
    const sql = sqlOf.get(`${schema}\0${name}`)
    for (const { path } of chunks.flatMap(chunk => chunk.pieces)) {
      const object = objects.get(path)
      if (!object || sql === undefined) {
        throw new Error(`piece ${path} of ${schema}.${name} has no ${object ? 'SQL' : 'object'}`)
      }
      lines.push(`${[path, object.sha256, schema, name, sql].map(escapeField).join('\t')}\n`)
    }
  }
  return lines.join('')
}

/** So that a field has no tab and no newline; `printf %b` gives it back. */
export function escapeField(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
}
