import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { generateSigningKey } from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import { openRepository } from '#repository/repository'
import { useRepository } from '#repository/repository-use'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { runEcomdb } from '#test/cli'
import { commitSnapshot } from '#test/snapshots'
import { contentsOf, type StoredRepository, storeRepository } from '#test/stored-repository'
import { makeFolder } from '#test/temporary'
import { verifySnapshots } from '#workflow/backup/verify-snapshots'

// A repository of two snapshots without a server: the second is proven, the first is not needed.

let base: string
let made: StoredRepository
let folder: string
let path: string
let config: string

beforeAll(async () => {
  base = await makeFolder()
  made = await storeRepository(base)
})
afterAll(async () => await rm(base, { recursive: true, force: true }))

beforeEach(async () => {
  folder = await makeFolder()
  path = join(folder, 'repository')
  config = join(folder, 'ecomdb.yaml')
  await cp(made.path, path, { recursive: true })
  await configure()
  await policy('wait: 0s')
  await prove()
  return async () => await rm(folder, { recursive: true, force: true })
})

async function configure(
  more: readonly string[] = [],
  runsOn = 'all',
  signers: readonly string[] = [],
): Promise<void> {
  const lines = [
    `runs_on: ${runsOn}`,
    `target: {directory: ${path}}`,
    'recovery_policy: recovery.yaml',
    'keys:',
    `  trusted_signers: ${JSON.stringify([...made.keys.options.trustedSigners, ...signers])}`,
    `  signing_key_file: ${made.signingKey}`,
    ...more,
  ]
  await writeFile(config, `${lines.join('\n')}\n`)
}

/** Keeps the last proven one only. */
async function policy(...lines: string[]): Promise<void> {
  const all = ['last: 1', 'daily: 0', 'weekly: 0', 'monthly: 0', 'yearly: 0', 'unproven: 0s']
  const text = `retention: {${[...all, ...lines].join(', ')}}\n`
  await writeFile(join(folder, 'recovery.yaml'), text)
}

const ecomdb = (...args: string[]) => runEcomdb([...args, '--config', config])
const expire = (...args: string[]) => ecomdb('backup', 'expire', ...args)
const opened = async () => await openRepository(openDirectoryTarget(path))

/** As `ecomdb backup verify --all`. */
async function prove(): Promise<void> {
  const { trustedSigners, recipients } = made.keys.options
  const keys = { trustedSigners, recipients, signingKeyFile: made.signingKey, identityFiles: [] }
  const target = openDirectoryTarget(path)
  const options = { target, snapshot: 'all', deep: false, keys, clock: systemClock }
  expect((await verifySnapshots(options, silentProgress())).outcome).toBe('passed')
}

async function ids(): Promise<string[]> {
  const { snapshots } = await (await opened()).listSnapshots(made.keys.options.trustedSigners)
  return snapshots.map(({ snapshotId }) => snapshotId)
}

test('says what it would do, and does nothing', async () => {
  const before = await contentsOf(path)
  const run = await expire()
  expect(run.status, run.stderr).toBe(0)
  expect(run.stdout).toMatch(new RegExp(`${made.first.snapshotId} .* remove +no rule`))
  expect(run.stdout).toMatch(
    new RegExp(`${made.second.snapshotId} .* keep +the newest; the newest`),
  )
  expect(run.stdout).toContain('nothing was changed')
  expect(await contentsOf(path)).toEqual(before)
})

test('removes a snapshot with what no other one needs, and what is left still verifies', async () => {
  const run = await expire('--confirm', '--json')
  expect(run.status, run.stderr).toBe(0)
  const seconds = new Set(made.second.objects.map(object => object.path))
  const own = made.first.objects.filter(object => !seconds.has(object.path))
  expect(own).toHaveLength(1)
  expect(run.json().result.removed.snapshots).toBe(1)
  expect(await ids()).toEqual([made.second.snapshotId])
  const names = (await readdir(path, { recursive: true })).join('\n')
  expect(names).not.toContain(`snapshots/${made.first.snapshotId}/`)
  expect(names).not.toContain(own[0]?.path)
  expect(names).not.toMatch(new RegExp(`attestations/${made.first.snapshotId}/.`))
  expect(names).toMatch(/tombstones\/.*\.json/)
  expect((await ecomdb('backup', 'verify', '--all', '--deep', '-i', made.identity)).status).toBe(0)
  expect((await expire('--confirm', '--json')).json().result.removed.files).toBe(0)
})

test('a snapshot whose envelope has vanished stops it, and keeps its objects', async () => {
  const { snapshotId } = made.second
  await writeFile(join(folder, 'recovery.yaml'), 'longest_backup: 1s\nretention: {wait: 0s}\n')
  const envelope = join(path, 'snapshots', snapshotId, 'snapshot.json')
  const bytes = await readFile(envelope)
  await rm(envelope)
  // Younger than longest_backup it would be taken for a backup that runs.
  await sleep(1100)
  const before = await contentsOf(path)
  const run = await expire('--confirm')
  expect(run.status, run.stderr).toBe(3)
  expect(run.stdout).toContain(`BRAKE  vanished at ${snapshotId}`)
  expect(await contentsOf(path)).toEqual(before)
  const status = await ecomdb('backup', 'status', '--json')
  expect([status.status, status.json().result.vanished]).toEqual([3, [snapshotId]])
  await writeFile(envelope, bytes)
  expect((await expire()).status).toBe(0)
  await rm(envelope)
  expect((await expire('--accept', snapshotId, '--reason', 'removed by hand')).status).toBe(0)
  expect((await ecomdb('backup', 'status', '--json')).json().result.vanished).toEqual([])
  const swept = await expire('--confirm', '--json')
  expect(swept.json().result.removed.files).toBeGreaterThan(0)
  expect((await ecomdb('backup', 'verify', '--all')).status).toBe(0)
})

test('announces, waits, and only then removes; a backup does not build on what is announced', async () => {
  await policy('wait: 1h')
  const announced = (await expire('--confirm', '--json')).json().result
  expect(announced).toMatchObject({ removed: { files: 0 } })
  expect(announced.snapshots[0].removeAfter).toBe(announced.removeAfter)
  expect((await expire('--confirm', '--json')).json().result.tombstoneId).toBeNull()
  expect(await ids()).toHaveLength(2)
  const repository = await opened()
  const seconds = made.second.objects.map(object => object.path)
  const own = made.first.objects.find(object => !seconds.includes(object.path))
  const { envelope } = await commitSnapshot(repository, made.keys.options, ['1\n2\n', '3\n'])
  const paths = envelope.objects.map(object => object.path)
  expect(paths).not.toContain(own?.path)
  expect(paths.filter(name => seconds.includes(name))).toHaveLength(1)
})

test('a proof that failed in the meantime takes the snapshot out of the sentence', async () => {
  await policy('wait: 1h')
  expect((await expire('--confirm')).status).toBe(0)
  const seconds = made.second.objects.map(object => object.path)
  const firsts = made.first.objects.map(object => object.path)
  const own = seconds.find(name => !firsts.includes(name)) ?? ''
  await writeFile(join(path, own), 'rubbish')
  expect((await ecomdb('backup', 'verify', '--all')).status).toBe(13)
  await policy('wait: 0s')
  const run = await expire('--confirm', '--json')
  expect(run.json().result.snapshots[0]).toMatchObject({ action: 'keep' })
  expect(await ids()).toHaveLength(2)
})

test('damage that was found at the newest snapshot speaks against those that share it', async () => {
  const shared = made.first.objects.filter(one =>
    made.second.objects.some(({ path: other }) => other === one.path),
  )
  await writeFile(join(path, shared[0]?.path ?? ''), 'rubbish')
  expect((await ecomdb('backup', 'verify')).status).toBe(13)
  const { snapshots } = (await expire('--json')).json().result
  expect(snapshots).toMatchObject([
    { proof: 'failed', action: 'keep' },
    { proof: 'failed', action: 'keep' },
  ])
})

test('an anomaly stops it: exit 3, until it is accepted with a reason', async () => {
  const repository = await opened()
  await commitSnapshot(repository, { ...made.keys.options, sourceId: 'old-server' }, ['9\n'])
  const { envelope } = await commitSnapshot(repository, made.keys.options, [''])
  const emptied = { ...envelope, tables: [] }
  const file = join(path, 'snapshots', envelope.snapshotId, 'snapshot.json')
  await writeFile(file, signStatement('snapshot', emptied, made.keys.signingKey))
  await prove()
  const before = await contentsOf(path)
  const stopped = await expire('--confirm')
  expect(stopped.status).toBe(3)
  expect(stopped.stdout).toContain(`BRAKE  table-missing at ${envelope.snapshotId}`)
  expect(stopped.stdout).toContain('nothing is removed until somebody has looked')
  expect(await contentsOf(path)).toEqual(before)
  expect((await expire('--accept', envelope.snapshotId)).status).toBe(2)
  const accepted = await expire('--accept', envelope.snapshotId, '--reason', 'dropped', '--confirm')
  expect(accepted.status, accepted.stdout).toBe(0)
  expect(await ids()).not.toContain(made.first.snapshotId)
  const again = await expire('--accept', envelope.snapshotId, '--reason', 'again')
  expect(again.status).toBe(10)
})

test('a server that is gone is asked for nothing new, and keeps what it has', async () => {
  const promises = 'brake: {stale: 0s}\nobjectives: {rpo: 0s}\n'
  await writeFile(join(folder, 'recovery.yaml'), promises)
  expect((await expire()).stdout).toContain(`BRAKE  stale at ${made.second.snapshotId}`)
  const missed = await ecomdb('status', '--json')
  expect([missed.status, missed.json().result.figures.lossSeconds]).toEqual([
    14,
    expect.any(Number),
  ])
  await writeFile(
    join(folder, 'recovery.yaml'),
    `${promises}former_servers: [${made.second.sourceId}]\n`,
  )
  const kept = await expire()
  expect(kept.status, kept.stdout).toBe(0)
  expect(kept.stdout).toContain('2 snapshots kept')
  expect((await ecomdb('backup', 'status')).stdout).toMatch(/gone +server test-source/)
  // It was the only one: nothing is safe.
  const none = (await ecomdb('status', '--json')).json().result
  expect([none.state, none.figures.lossSeconds]).toEqual(['missed', null])
})

test('what was accepted stays so when its snapshot has gone, and the next one meets what was before it', async () => {
  const commit = async (tables: SnapshotEnvelope['tables']): Promise<string> => {
    const repository = await opened()
    const { envelope } = await commitSnapshot(repository, made.keys.options, ['1\n2\n'])
    const file = join(path, 'snapshots', envelope.snapshotId, 'snapshot.json')
    const changed = { ...envelope, tables }
    await writeFile(file, signStatement('snapshot', changed, made.keys.signingKey))
    await prove()
    return envelope.snapshotId
  }
  // The first of its day stays, and the last.
  const retention = 'last: 1, daily: 1, weekly: 0, monthly: 0, yearly: 0, unproven: 0s, wait: 0s'
  await writeFile(join(folder, 'recovery.yaml'), `retention: {${retention}}\n`)
  const dropped = await commit([])
  const reason = ['--reason', 'the chat tables were dropped']
  expect((await expire('--accept', dropped, ...reason, '--confirm')).status).toBe(0)
  for (let day = 0; day < 2; day += 1) {
    const next = await commit([])
    const run = await expire('--confirm')
    expect(run.status, run.stdout).toBe(0)
    expect(await ids()).toEqual([made.first.snapshotId, next])
  }
  const run = await expire('--confirm')
  expect(run.status, run.stdout).toBe(0)
})

test('what a drill said outlives its snapshot for 400 days, whoever signed it', async () => {
  const attest = async (
    kind: 'drill' | 'verify',
    daysAgo: number,
    signingKey = made.keys.signingKey,
  ) => {
    const at = new Date(Date.now() - daysAgo * 86_400_000).toISOString()
    const claim = {
      snapshotId: made.first.snapshotId,
      kind,
      outcome: 'passed',
      damaged: [],
    } as const
    const details = { sourceId: made.first.sourceId, method: 'logical', consistentAt: at }
    const times = { startedAt: at, completedAt: at }
    const repository = await opened()
    return (
      await repository.putAttestation(
        { ...claim, ...times, details },
        { signingKey, trustedSigners: made.keys.options.trustedSigners, clock: systemClock },
      )
    ).attestationId
  }
  const [young, old, verified] = [
    await attest('drill', 300),
    await attest('drill', 401),
    await attest('verify', 0),
  ]
  const left = generateSigningKey()
  await configure([], 'all', [left.signer])
  const ofLeft = await attest('drill', 1, left)
  expect((await expire('--confirm', '--json')).json().result.removed.snapshots).toBe(1)
  const folderOf = join(path, 'attestations', made.first.snapshotId)
  expect(await readdir(folderOf)).toEqual([`${young}.json`, `${ofLeft}.json`].sort())
  const history = await ecomdb('drill', 'history', '--json')
  expect(history.json().result.drills).toMatchObject([
    { attestationId: young },
    { attestationId: ofLeft },
  ])
  const errors = async () => (await ecomdb('backup', 'status')).stdout
  expect(await errors()).not.toContain('never drilled')
  // The signer of the newest one is trusted no more, and nothing depends on it.
  await configure()
  expect((await ecomdb('backup', 'list')).status).toBe(0)
  expect(await errors()).not.toContain('NOT BELIEVED')
  const run = await expire('--confirm', '--json')
  expect(run.status, run.stdout).toBe(0)
  expect(await readdir(folderOf)).toEqual([`${young}.json`])
  expect([old, verified]).not.toContain(young)
})

test('what is not believed stops it: it may need any object', async () => {
  const planted = join(path, 'snapshots', '01999999-0000-7000-8000-000000000000')
  await mkdir(planted)
  const stranger = generateSigningKey()
  await writeFile(join(planted, 'snapshot.json'), signStatement('snapshot', made.first, stranger))
  const run = await expire('--confirm')
  expect(run.status).toBe(3)
  expect(run.stdout).toContain('BRAKE  not believed')
  expect(await ids()).toHaveLength(2)
})

test('a tombstone that a stranger wrote counts for nothing', async () => {
  await policy('wait: 1h')
  const { result } = (await expire('--confirm', '--json')).json()
  const file = join(path, 'tombstones', `${result.tombstoneId}.json`)
  await rm(file)
  const forged = { format: 1, repositoryId: made.repository.id, tombstoneId: result.tombstoneId }
  await writeFile(file, signStatement('tombstone', forged, generateSigningKey()))
  expect((await expire('--confirm')).status).toBe(3)
  expect(await ids()).toHaveLength(2)
})

test('is refused while a backup runs here or elsewhere, and while anybody reads: exit 11', async () => {
  const repository = await opened()
  const leave = await useRepository(repository)
  expect((await expire('--confirm')).status).toBe(11)
  await leave()
  const writer = await repository.startSnapshot(made.keys.options)
  await writer.close()
  // It is as if the backup ran on another host: its lock is not seen here, its notice is.
  await rm(join(path, 'snapshots', writer.snapshotId, 'ended.json'))
  const elsewhere = await expire('--confirm')
  expect(elsewhere.status).toBe(11)
  expect(elsewhere.stderr).toContain(writer.snapshotId)
  expect(await ids()).toHaveLength(2)
  await writeFile(
    join(folder, 'recovery.yaml'),
    'retention: {last: 1, daily: 0, weekly: 0, monthly: 0, yearly: 0, wait: 0s}\nlongest_backup: 0s\n',
  )
  const later = await expire('--confirm', '--json')
  expect(later.status, later.stdout).toBe(0)
  expect(await ids()).toHaveLength(1)
})

test('is not held back by a backup that has failed, and takes what that has left', async () => {
  const writer = await (await opened()).startSnapshot(made.keys.options)
  await writer.close()
  const after = await expire('--confirm', '--json')
  expect(after.status, after.stdout).toBe(0)
  expect(await ids()).toEqual([made.second.snapshotId])
  // With its folder.
  expect(await readdir(join(path, 'snapshots'))).not.toContain(writer.snapshotId)
})

test('what a backup left that was cut off goes, but not what the next one has used', async () => {
  const repository = await opened()
  const journalFolder = join(folder, 'journal')
  const options = { ...made.keys.options, journalFolder }
  const { createHash } = await import('node:crypto')
  const { zstdCompressSync } = await import('node:zlib')
  const store = async (text: string) => {
    const writer = await repository.startSnapshot(options)
    const plain = Buffer.from(text)
    const hash = createHash('sha256').update(plain).digest()
    const { stored } = await writer.storePiece([zstdCompressSync(plain)], hash)
    await writer.close()
    return stored.path
  }
  const [used, unused] = [await store('used\n'), await store('unused\n')]
  await commitSnapshot(repository, options, ['used\n', '1\n2\n', '3\n'])
  await prove()
  await writeFile(join(folder, 'recovery.yaml'), 'retention: {wait: 0s}\nlongest_backup: 0s\n')
  const run = await expire('--confirm', '--json')
  expect(run.status, run.stdout).toBe(0)
  const names = (await readdir(path, { recursive: true })).join('\n')
  expect(names).toContain(used)
  expect(names).not.toContain(unused)
  expect((await ecomdb('backup', 'verify', '--all')).status).toBe(0)
})

test('a database host does not expire; a copy expires by itself', async () => {
  await configure([], 'database')
  const refused = await expire('--confirm')
  expect(refused.status).toBe(78)
  expect(refused.stderr).toContain('this host does not expire')
  await configure([], 'vault')
  const disk = join(folder, 'disk')
  await mkdir(disk)
  await ecomdb('target', 'prepare', disk, '--label', 'a', '--same-disk')
  expect((await ecomdb('backup', 'copy', '--to', disk)).status).toBe(0)
  expect((await expire('--confirm')).status).toBe(0)
  // Proofs about the repository are none about the copy.
  const unproven = (await expire('--from', disk, '--json')).json().result
  expect(unproven.snapshots.map(({ action }: { action: string }) => action)).toEqual([
    'keep',
    'keep',
  ])
  expect((await ecomdb('backup', 'verify', '--all', '--from', disk)).status).toBe(0)
  expect((await expire('--from', disk, '--confirm')).status).toBe(0)
  const copied = await ecomdb('backup', 'copy', '--to', disk, '--json')
  expect(copied.json().result).toMatchObject({ snapshots: 1, copied: [] })
})

test('a copy that becomes the repository keeps what nobody has looked at in it', async () => {
  const disk = join(folder, 'disk')
  await mkdir(disk)
  await ecomdb('target', 'prepare', disk, '--label', 'a', '--same-disk')
  expect((await ecomdb('backup', 'copy', '--to', disk)).status).toBe(0)
  path = disk
  await configure()
  const policyOf = (daily: number) =>
    `retention: {last: 1, daily: ${daily}, weekly: 0, monthly: 0, yearly: 0, unproven: 0s, wait: 0s}\n`
  await writeFile(join(folder, 'recovery.yaml'), policyOf(1))
  // As the schedule does: the newest alone.
  expect((await ecomdb('backup', 'verify')).status).toBe(0)
  const run = await expire('--confirm')
  expect(run.status, run.stdout).toBe(0)
  expect(run.stdout).toMatch(
    /unproven +keep +would be daily 1 of 1, were it proven: `ecomdb backup verify --all`/,
  )
  expect(await ids()).toHaveLength(2)
  // Its own record says what it was given.
  const { snapshotId } = made.first
  const envelope = join(path, 'snapshots', snapshotId, 'snapshot.json')
  const bytes = await readFile(envelope)
  await rm(envelope)
  const braked = await expire('--confirm')
  expect([braked.status, braked.stdout]).toEqual([
    3,
    expect.stringContaining(`BRAKE  vanished at ${snapshotId}`),
  ])
  const status = (await ecomdb('backup', 'status', '--json')).json().result
  expect(status.vanished).toEqual([snapshotId])
  await writeFile(envelope, bytes)
  await writeFile(join(folder, 'recovery.yaml'), policyOf(0))
  expect((await expire('--confirm')).status).toBe(0)
  expect(await ids()).toEqual([made.second.snapshotId])
})
