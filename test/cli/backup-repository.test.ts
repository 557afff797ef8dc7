import {
  appendFile,
  chmod,
  cp,
  mkdir,
  readFile,
  rename,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import {
  generateIdentity,
  generateSigningKey,
  writeIdentity,
  writeSigningKey,
} from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import { BinlogArchive } from '#repository/binlog-archive'
import { openRepository } from '#repository/repository'
import { uuidV7 } from '#repository/uuid'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { runEcomdb } from '#test/cli'
import { NEEDS_MOUNT, onReadOnly } from '#test/read-only'
import { commitSnapshot, makeKeys } from '#test/snapshots'
import {
  contentsOf,
  type StoredRepository,
  storeRepository,
  writeConfig,
} from '#test/stored-repository'
import { makeFolder } from '#test/temporary'
import { openSnapshot } from '#workflow/restore/open-snapshot'

// One repository is made once and copied for each test, which then harms its copy.

let base: string
let made: StoredRepository
let path: string
let config: string

beforeAll(async () => {
  base = await makeFolder()
  made = await storeRepository(base)
})

beforeEach(async () => {
  path = join(await makeFolder(), 'copy')
  config = join(path, '..', 'ecomdb.yaml')
  await cp(made.path, path, { recursive: true })
  await writeConfig(config, path, made.keys.options.trustedSigners)
  return async () => await rm(join(path, '..'), { recursive: true, force: true })
})

afterAll(async () => await rm(base, { recursive: true, force: true }))

async function backup(...args: string[]) {
  return await runEcomdb(['backup', ...args, '--config', config])
}

/** The stored path of an object that both snapshots need, and of one that the second alone does. */
function objects(): { shared: string; own: string } {
  const firstPaths = made.first.objects.map(object => object.path)
  const shared = made.second.objects.find(object => firstPaths.includes(object.path))
  const own = made.second.objects.find(object => !firstPaths.includes(object.path))
  if (!shared || !own) throw new Error('the fixture shares one of two objects')
  return { shared: shared.path, own: own.path }
}

describe('a sound repository', () => {
  test('is listed, shown and verified without any key', async () => {
    const listed = (await backup('list', '--json')).json()
    expect(listed.result.snapshots.map((s: { snapshotId: string }) => s.snapshotId)).toEqual([
      made.first.snapshotId,
      made.second.snapshotId,
    ])
    expect(listed.result.snapshots[1].newBytes).toBeLessThan(listed.result.snapshots[1].storedBytes)
    const shown = await backup('show', made.first.snapshotId)
    expect(shown.stdout).toContain('give --identity FILE')
    expect(shown.stdout).not.toContain('shop.t')
    const before = await contentsOf(path)
    const verified = await backup('verify', '--all')
    expect(verified).toMatchObject({ status: 0 })
    expect(verified.stdout.match(/ verified /g)).toHaveLength(2)
    expect(await contentsOf(path)).toEqual(before)
  })

  test('shows tables with an identity, and verifies rows with --deep', async () => {
    const shown = await backup('show', '--identity', made.identity)
    expect(shown.stdout).toMatch(/shop\.t +4 /)
    const verified = (await backup('verify', '--deep', '-i', made.identity, '--json')).json()
    expect(verified.status).toBe(0)
    expect(verified.result).toMatchObject({ level: 'deep', snapshots: [{ rows: 4, damaged: [] }] })
  })

  test('says of which server each is, once there are two', async () => {
    expect((await backup('list')).stdout).not.toContain('SOURCE')
    const repository = await openRepository(openDirectoryTarget(path))
    await commitSnapshot(repository, { ...made.keys.options, sourceId: 'another' }, ['9\n'])
    const { stdout } = await backup('list')
    expect(stdout).toMatch(/SOURCE\n.*test-source\n.*test-source\n.*another\n/)
    const warnings: string[] = []
    const access = {
      repository,
      trustedSigners: made.keys.options.trustedSigners,
      identities: [made.keys.operations.identity],
    }
    await openSnapshot(access, 'latest', silentProgress(warnings))
    expect(warnings).toEqual([expect.stringContaining('is of server another')])
    await openSnapshot(access, made.first.snapshotId, silentProgress(warnings))
    expect(warnings).toHaveLength(1)
  })

  test('gets an attestation when a signing key is at hand, which list shows', async () => {
    const key = `signing_key_file: ${made.signingKey}`
    await writeConfig(config, path, made.keys.options.trustedSigners, [key])
    expect((await backup('verify')).stdout).toContain('attested')
    const { snapshots } = (await backup('list', '--json')).json().result
    expect(snapshots[0].verified).toBeNull()
    expect(snapshots[1].verified).toMatchObject({ outcome: 'passed' })
  })

  test('is verified by a key that cannot sign: a finding, for retention will not count it', async () => {
    const stranger = join(path, '..', 'stranger.pem')
    await writeSigningKey(stranger, generateSigningKey())
    for (const [file, why] of [
      ['none.pem', 'no attestation will be written'],
      [stranger, 'is not trusted'],
    ] as const) {
      const lines = [`signing_key_file: ${file}`]
      await writeConfig(config, path, made.keys.options.trustedSigners, lines)
      const verified = await backup('verify')
      expect([verified.status, verified.stderr]).toEqual([3, expect.stringContaining(why)])
    }
  })

  test('is verified on a read-only disk', async context => {
    const key = `signing_key_file: ${made.signingKey}`
    await writeConfig(config, path, made.keys.options.trustedSigners, [key])
    const verified = await onReadOnly(path, () => backup('verify', '--all'))
    if (!verified) return context.skip(NEEDS_MOUNT)
    // The proof is not kept: retention will not count it.
    expect(verified.status).toBe(3)
    expect(verified.stderr).toContain('no attestation was written: the file system is read-only')
  })
})

describe('a harmed repository', () => {
  test.each<[string, (file: string) => Promise<void>, string]>([
    ['truncated', async file => await truncate(file, 20), 'were stored'],
    ['missing', async file => await rm(file), 'it is missing'],
    ['longer', async file => await appendFile(file, 'x'), 'were stored'],
    ['edited', async file => await flipByte(file, 250), 'its SHA-256 is'],
    ['swapped', async file => await cp(join(path, objects().own), file), ''],
  ])('%s object: named with its table, exit 13', async (_, harm, why) => {
    const { shared } = objects()
    await harm(join(path, shared))
    const before = await contentsOf(path)
    const blind = await backup('verify', '--all')
    expect(blind.status).toBe(13)
    expect(blind.stdout).toContain(`${shared}: `)
    expect(blind.stdout).toContain(why)
    expect(blind.stdout.match(/ {2}FAILED {2}1 of 3/g)).toHaveLength(2)
    const seeing = await backup('verify', '--identity', made.identity, '--json')
    expect(seeing.json().result.snapshots[0].damaged).toEqual([
      expect.objectContaining({ path: shared, tables: ['shop.t'] }),
    ])
    expect(seeing.json().status).toBe(13)
    expect(await contentsOf(path)).toEqual(before)
  })

  test('a damaged manifest is named', async () => {
    await flipByte(join(path, made.second.manifest.path), 300)
    const verified = await backup('verify', '--deep', '--identity', made.identity)
    expect(verified.status).toBe(13)
    expect(verified.stdout).toContain(made.second.manifest.path)
    const shown = await backup('show', '--identity', made.identity)
    expect(shown).toMatchObject({ status: 13, stdout: '' })
    expect(shown.stderr).toContain('code: OBJECT_DAMAGED (exit 13)')
  })

  test('a damaged object is stored anew by the next backup after a verify', async () => {
    const key = `signing_key_file: ${made.signingKey}`
    await writeConfig(config, path, made.keys.options.trustedSigners, [key])
    await flipByte(join(path, objects().shared), 250)
    expect((await backup('verify')).status).toBe(13)
    // The other one was not looked at, and shares it.
    const listed = (await backup('list')).stdout
    expect(listed).toMatch(new RegExp(`${made.first.snapshotId} .* DAMAGED +never`))
    expect(listed).toMatch(new RegExp(`${made.second.snapshotId} .* FAILED 20`))
    expect((await backup('show', made.first.snapshotId)).stdout).toMatch(/damaged +a file that it/)
    const { openRepository } = await import('#repository/repository')
    const { openDirectoryTarget } = await import('#target/dir/directory-target')
    const repository = await openRepository(openDirectoryTarget(path))
    const next = await commitSnapshot(repository, made.keys.options, ['1\n2\n', '3\n4\n'])
    expect(next.reused).toBe(1)
    expect((await backup('verify', 'latest')).status).toBe(0)
  })

  test.each<[string, () => Promise<string | Buffer>]>([
    [
      'edited',
      async () => resign(await envelopeText(), payload => payload.replace('"rows":4', '"rows":5')),
    ],
    [
      'unsigned',
      async () => JSON.stringify({ ...JSON.parse(await envelopeText()), signatures: [] }),
    ],
    ['cut off', async () => (await envelopeText()).slice(0, 200)],
    [
      'signed by a stranger',
      async () => signStatement('snapshot', made.second, (await makeKeys()).signingKey),
    ],
    [
      'that of another snapshot',
      async () => await readFile(join(path, 'snapshots', made.first.snapshotId, 'snapshot.json')),
    ],
    [
      'of another repository',
      async () =>
        signStatement('snapshot', { ...made.second, repositoryId: 'other' }, made.keys.signingKey),
    ],
  ])(
    'an envelope that is %s is refused, and never replaced by an older one in silence',
    async (_, forge) => {
      const file = join(path, 'snapshots', made.second.snapshotId, 'snapshot.json')
      await writeFile(file, await forge())
      for (const command of ['show', 'verify']) {
        const refused = await backup(command, '--json')
        expect(refused.status).toBe(13)
        expect(refused.json().error).toMatchObject({ code: 'SIGNATURE_INVALID' })
      }
      const listed = await backup('list')
      expect(listed.status).toBe(3)
      expect(listed.stdout).toContain(`NOT BELIEVED  snapshot ${made.second.snapshotId}`)
      const all = await backup('verify', '--all')
      expect(all.status).toBe(13)
      expect(all.stdout).toContain('add the new signer to keys.trusted_signers')
      // Bytes that are whole want no new backup.
      expect(all.stdout).not.toContain('make a new backup')
      expect((await backup('verify', made.first.snapshotId)).status).toBe(0)
    },
  )

  test('the newest of each server is verified, and not again while nothing newer comes', async () => {
    const { options } = made.keys
    const repository = await openRepository(openDirectoryTarget(path))
    const other = { ...options, sourceId: 'another-server' }
    const { envelope } = await commitSnapshot(repository, other, ['5\n'])
    await writeConfig(config, path, options.trustedSigners, [
      `signing_key_file: ${made.signingKey}`,
    ])
    const verified = async (...args: string[]) => {
      const { status, result } = (await backup('verify', ...args, '--json')).json()
      expect(status).toBe(0)
      return result.snapshots.map((one: { snapshotId: string }) => one.snapshotId)
    }
    const newest = [made.second.snapshotId, envelope.snapshotId]
    expect(await verified('latest')).toEqual([envelope.snapshotId])
    expect(await verified()).toEqual(newest)
    expect(await verified()).toEqual([envelope.snapshotId])
    const later = (await commitSnapshot(repository, options, ['6\n'])).envelope.snapshotId
    expect(await verified()).toEqual([later])
    await commitSnapshot(repository, options, ['7\n'])
    const last = (await commitSnapshot(repository, other, ['8\n'])).envelope.snapshotId
    expect((await verified()).at(-1)).toBe(last)
  })

  test('a capability that this ecomdb does not have is refused by name', async () => {
    const file = join(path, 'snapshots', made.second.snapshotId, 'snapshot.json')
    const envelope = { ...made.second, requires: ['age-v1', 'packs'] }
    await writeFile(file, signStatement('snapshot', envelope, made.keys.signingKey))
    const refused = await backup('show', '--json')
    expect(refused.json().error).toMatchObject({
      code: 'UNSUPPORTED',
      why: expect.stringContaining('requires packs'),
    })
  })

  test('a version that this ecomdb does not know is refused: exit 10', async () => {
    const file = join(path, 'ecomdb-repository.json')
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace('"format":1', '"format":2'))
    const refused = await backup('list')
    expect(refused.status).toBe(10)
    expect(refused.stderr).toContain('it is of format 2')
    expect(refused.stderr).toContain('code: REPOSITORY_VERSION (exit 10)')
  })
})

test('a log without a snapshot is verified, and is a finding: exit 3', async () => {
  await rm(join(path, 'snapshots'), { recursive: true })
  const nothing = await backup('verify', '--all')
  expect(nothing.status).toBe(10)
  expect(nothing.stderr).toContain('code: SNAPSHOT_NOT_FOUND')
  const archive = await BinlogArchive.open(openDirectoryTarget(path))
  const { recipients } = made.keys.options
  const { segment } = await archive.append(
    {
      ...{ sourceId: 's', engine: 'mariadb', serverVersion: '10.11.14', serverUuid: null },
      ...{ serverId: 1, stretchId: uuidV7(new Date()), sequence: 1, previousSha256: null },
      begins: { reason: 'first', after: null },
      ...{ file: 'binlog.000001', from: 0, to: 100, border: 100, open: null, nextFile: null },
      ...{ transactions: 0, firstAt: null, lastAt: null, gtidsBefore: '', gtidsAfter: '' },
      ...{ knownUntil: null, tail: null },
    },
    [Buffer.alloc(100)],
    { recipients, signingKey: made.keys.signingKey, clock: systemClock },
  )
  const log = await backup('verify', '--all')
  expect([log.status, log.stderr.includes('error')]).toEqual([3, false])
  expect(log.stdout).toContain('binary log  verified  1 segments')
  expect(log.stdout).toContain(`NO SNAPSHOT in ${path}`)
  await rm(join(path, segment.object?.path ?? ''))
  expect((await backup('verify', '--all')).status).toBe(13)
})

describe('a repository that is not there', () => {
  test('as when the disk is not mounted: missing, and empty', async () => {
    await rename(path, `${path}-away`)
    const missing = await backup('list')
    expect(missing).toMatchObject({ status: 10, stdout: '' })
    expect(missing.stderr).toContain('code: TARGET_UNAVAILABLE (exit 10)')
    expect(missing.stderr).toContain('hint: attach its disk, and mount it')
    expect(missing.stderr).toContain('`ecomdb backup copy --to DIRECTORY`')
    await mkdir(path)
    const empty = await backup('verify', '--json')
    expect(empty.json().error).toMatchObject({
      code: 'TARGET_UNAVAILABLE',
      why: expect.stringContaining('not mounted'),
    })
    expect(await contentsOf(path)).toEqual({})
  })

  test('because the folder holds something else', async () => {
    await rm(join(path, 'ecomdb-repository.json'))
    const refused = await backup('list')
    expect(refused.status).toBe(10)
    expect(refused.stderr).toContain('code: REPOSITORY_NOT_FOUND (exit 10)')
  })

  test('and a snapshot that is not there', async () => {
    const refused = await backup('show', '0000', '--json')
    expect(refused.json()).toMatchObject({ status: 10, error: { code: 'SNAPSHOT_NOT_FOUND' } })
    const ambiguous = await backup('show', made.first.snapshotId.slice(0, 4), '--json')
    expect(ambiguous.json().error?.what).toContain('the beginning of 2 snapshots')
  })
})

describe('identities', () => {
  test('the wrong one: exit 12, and nothing is called damaged', async () => {
    const stranger = join(path, '..', 'stranger.txt')
    await writeIdentity(stranger, await generateIdentity(), new Date())
    for (const args of [['show'], ['verify', '--deep']]) {
      const refused = await backup(...args, '--identity', stranger, '--json')
      expect(refused.json()).toMatchObject({ status: 12, error: { code: 'WRONG_IDENTITY' } })
    }
  })

  test('none, one that others can read, one that is missing', async () => {
    expect((await backup('verify', '--deep', '--json')).json()).toMatchObject({
      status: 78,
      error: { code: 'SECRET_MISSING' },
    })
    const open = join(path, '..', 'open.txt')
    await cp(made.identity, open)
    await chmod(open, 0o644)
    const refused = await backup('show', '--identity', open)
    expect(refused.status).toBe(78)
    expect(refused.stderr).toContain('chmod 600')
    expect(refused.stderr).not.toContain('AGE-SECRET-KEY')
    expect((await backup('show', '--identity', '/nowhere.txt')).status).toBe(78)
  })
})

async function flipByte(file: string, at: number): Promise<void> {
  const bytes = await readFile(file)
  const place = Math.min(at, bytes.length - 1)
  bytes[place] = (bytes[place] ?? 0) ^ 1
  await writeFile(file, bytes)
}

async function envelopeText(): Promise<string> {
  return await readFile(join(path, 'snapshots', made.second.snapshotId, 'snapshot.json'), 'utf8')
}

/** Changes the payload under the old signature. */
function resign(text: string, change: (payload: string) => string): string {
  const document = JSON.parse(text)
  const payload = Buffer.from(document.payload, 'base64').toString()
  expect(change(payload)).not.toBe(payload)
  return JSON.stringify({
    ...document,
    payload: Buffer.from(change(payload)).toString('base64'),
  })
}
