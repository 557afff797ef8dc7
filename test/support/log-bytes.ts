import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { BinlogArchive } from '#repository/binlog-archive'
import { openDirectoryTarget } from '#target/dir/directory-target'
import type { Target } from '#target/target'
import type { LoggedShop } from '#test/logged-shop'

/** What is archived of every file of the first stretch, by name; none may be refused. */
export async function archivedLog(
  { place }: LoggedShop,
  target: Target = openDirectoryTarget(place.path),
): Promise<Map<string, Buffer>> {
  const archive = await BinlogArchive.open(target)
  const { trustedSigners, identities } = await place.access()
  const { stretches, refused } = await archive.stretches(trustedSigners)
  expect(refused).toEqual([])
  const files = new Map<string, Buffer[]>()
  for (const segment of stretches[0]?.segments ?? []) {
    const bytes = await archive.readBytes(segment, identities)
    files.set(segment.file, [...(files.get(segment.file) ?? []), bytes])
  }
  return new Map([...files].map(([name, parts]) => [name, Buffer.concat(parts)]))
}

/** The server's own files; a file that is open has a flag that an archived one has not. */
export async function serverLog({ source }: LoggedShop): Promise<Map<string, Buffer>> {
  const data = join(source.folder, 'data')
  const names = (await readdir(data)).filter(name => /^binlog\.\d+$/.test(name)).sort()
  const files = new Map<string, Buffer>()
  for (const name of names) {
    const bytes = await readFile(join(data, name))
    bytes.writeUInt8(bytes.readUInt8(21) & 0xfe, 21)
    files.set(name, bytes)
  }
  return files
}
