import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '#core/clock'
import { writeIdentity, writeSigningKey } from '#crypto/key-files'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import { createRepository, type Repository } from '#repository/repository'
import { createDirectoryTarget } from '#target/dir/directory-target'
import { commitSnapshot, makeKeys, type TestKeys } from '#test/snapshots'

/** A repository on disk with two snapshots that share an object, its keys, and an ecomdb.yaml. */
export interface StoredRepository {
  /** Holds everything below. */
  folder: string
  /** The target: folder/repository. */
  path: string
  /** folder/ecomdb.yaml; it names trusted signer and target, and no key files. */
  config: string
  /** folder/operations.txt and folder/signing.pem, not in ecomdb.yaml. */
  identity: string
  signingKey: string
  keys: TestKeys
  repository: Repository
  first: SnapshotEnvelope
  second: SnapshotEnvelope
}

export async function storeRepository(folder: string): Promise<StoredRepository> {
  const path = join(folder, 'repository')
  const keys = await makeKeys()
  const repository = await createRepository(await createDirectoryTarget(path), systemClock)
  const first = await commitSnapshot(repository, keys.options, ['1\n2\n', '3\n'])
  const second = await commitSnapshot(repository, keys.options, ['1\n2\n', '3\n4\n'])
  const [config, identity, signingKey] = [
    join(folder, 'ecomdb.yaml'),
    join(folder, 'operations.txt'),
    join(folder, 'signing.pem'),
  ]
  await writeIdentity(identity, keys.operations, new Date())
  await writeSigningKey(signingKey, keys.signingKey)
  await writeConfig(config, path, keys.options.trustedSigners)
  const [a, b] = [first.envelope, second.envelope]
  return { folder, path, config, identity, signingKey, keys, repository, first: a, second: b }
}

/** An ecomdb.yaml with a target and trusted signers; `more` are further lines under keys. */
export async function writeConfig(
  file: string,
  target: string,
  signers: readonly string[],
  more: readonly string[] = [],
): Promise<void> {
  const lines = [
    'target:',
    `  directory: ${target}`,
    'keys:',
    `  trusted_signers: ${JSON.stringify(signers)}`,
    ...more.map(line => `  ${line}`),
  ]
  await mkdir(join(file, '..'), { recursive: true })
  await writeFile(file, `${lines.join('\n')}\n`)
}

/** Every file below a folder with its bytes, to show that nothing was changed. */
export async function contentsOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
  return Object.fromEntries(
    await Promise.all(
      files.sort().map(async file => [file, (await readFile(file)).toString('base64')] as const),
    ),
  )
}
