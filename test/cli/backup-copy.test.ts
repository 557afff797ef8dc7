import { spawnSync } from 'node:child_process'
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { signStatement } from '#crypto/signed-statement'
import { openRepository } from '#repository/repository'
import { uuidV7 } from '#repository/uuid'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { mountPointOf } from '#target/dir/mount-point'
import { runEcomdb } from '#test/cli'
import { commitSnapshot, makeKeys } from '#test/snapshots'
import { contentsOf, type StoredRepository, storeRepository } from '#test/stored-repository'
import { makeFolder } from '#test/temporary'

// A repository without a server; it is made once and copied for each test.

let base: string
let made: StoredRepository
let folder: string
let source: string
let disk: string
let config: string
/** Where this test's notes are: a host of its own. */
let env: Record<string, string>

beforeAll(async () => {
  base = await makeFolder()
  made = await storeRepository(base)
})
afterAll(async () => await rm(base, { recursive: true, force: true }))

beforeEach(async () => {
  folder = await makeFolder()
  source = join(folder, 'repository')
  disk = join(folder, 'disk')
  config = join(folder, 'ecomdb.yaml')
  env = { ECOMDB_STATE: join(folder, 'state') }
  await cp(made.path, source, { recursive: true })
  await mkdir(disk)
  await configure()
  return async () => await rm(folder, { recursive: true, force: true })
})

/** Without a key at all, but for the public one; `more` are lines under keys. */
async function configure(more: readonly string[] = []): Promise<void> {
  await writeFile(
    config,
    [
      `target: {directory: ${source}}`,
      `copies: [{name: weekly, directory: ${disk}, media: usb-disk, offsite: true, offline: true}]`,
      `keys:\n  trusted_signers: ${JSON.stringify(made.keys.options.trustedSigners)}`,
      ...more.map(line => `  ${line}`),
    ].join('\n'),
  )
}

const ecomdb = (...args: string[]) => runEcomdb([...args, '--config', config], { env })
const prepare = (label = 'disk-a') =>
  ecomdb('target', 'prepare', 'weekly', '--label', label, '--same-disk')

async function copied(...args: string[]) {
  const run = await ecomdb('backup', 'copy', '--to', 'weekly', '--json', ...args)
  expect(run.status, run.stdout).toBe(0)
  return run.json().result
}

async function addSnapshot(texts: readonly string[]): Promise<string> {
  const repository = await openRepository(openDirectoryTarget(source))
  return (await commitSnapshot(repository, made.keys.options, texts)).envelope.snapshotId
}

const relative = (files: Record<string, string>, root: string) =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name.slice(root.length), bytes]))

describe('a folder', () => {
  test('gets what it does not have, byte for byte, without any key', async () => {
    expect((await prepare()).status).toBe(0)
    const first = await copied()
    expect(first).toMatchObject({ snapshots: 2, lastSeenAt: null, recordId: null })
    expect(first.copied).toEqual([made.second.snapshotId, made.first.snapshotId])
    expect(['medium', 'cache']).toContain(first.readBack)
    const there = relative(await contentsOf(disk), disk)
    const { ['/ecomdb-copy.json']: marker, ...same } = there
    // What says that a backup began is about one place.
    const files = Object.entries(relative(await contentsOf(source), source))
    const carried = files.filter(([name]) => !name.endsWith('/started.json'))
    expect(same).toEqual(Object.fromEntries(carried))
    expect(JSON.parse(Buffer.from(marker ?? '', 'base64').toString())).toMatchObject({
      label: 'disk-a',
      repositoryId: made.repository.id,
    })

    const again = await copied()
    expect(again).toMatchObject({ copied: [], files: 0, readBack: null })
    expect(again.lastSeenAt).not.toBeNull()
    const id = await addSnapshot(['1\n2\n', '7\n'])
    const third = await copied()
    expect(third).toMatchObject({ copied: [id], files: 3, snapshots: 3 })
    expect((await ecomdb('backup', 'verify', '--all', '--from', 'weekly')).status).toBe(0)
  })

  test('is not prepared twice, and not for another repository', async () => {
    await prepare()
    const before = await contentsOf(disk)
    expect((await prepare()).stdout).toContain('was prepared before: disk-a')
    expect((await prepare('disk-b')).status).toBe(2)
    const other = await storeRepository(join(folder, 'other'))
    const args = ['target', 'prepare', disk, '--label', 'disk-a', '--same-disk']
    const refused = await runEcomdb([...args, '--config', other.config], { env })
    expect(refused.status).toBe(2)
    expect(refused.stderr).toContain('it is a copy of another repository')
    const copy = await runEcomdb(['backup', 'copy', '--to', disk, '--config', other.config], {
      env,
    })
    expect(copy.status).toBe(10)
    expect(await contentsOf(disk)).toEqual(before)
  })

  test('is refused on the same disk, with something in it, or not prepared', async () => {
    const unprepared = await ecomdb('backup', 'copy', '--to', 'weekly')
    expect(unprepared.status).toBe(10)
    expect(unprepared.stderr).toContain('its disk is not mounted, or was never prepared')
    const same = await ecomdb('target', 'prepare', 'weekly', '--label', 'a')
    expect(same.status).toBe(10)
    expect(same.stderr).toContain('code: TARGET_UNAVAILABLE')
    const itself = await ecomdb('target', 'prepare', source, '--label', 'a', '--same-disk')
    expect(itself.status).toBe(2)
    // By another name, too: with a marker the repository would be a copy, and all that was proved of it gone.
    const repository = await contentsOf(source)
    const link = join(folder, 'link')
    await symlink(source, link)
    const linked = await ecomdb('target', 'prepare', link, '--label', 'a', '--same-disk')
    expect([linked.status, linked.stderr]).toEqual([
      ...[2, expect.stringContaining('it is the repository itself')],
    ])
    expect(await contentsOf(source)).toEqual(repository)
    await writeFile(join(disk, 'photo.jpg'), 'x')
    expect((await prepare()).stderr).toContain('it holds photo.jpg')
    expect(await contentsOf(disk)).toEqual({ [join(disk, 'photo.jpg')]: 'eA==' })
  })

  test('cannot be ejected', async () => {
    await prepare()
    const refused = await ecomdb('backup', 'copy', '--to', 'weekly', '--eject')
    expect(refused.status).toBe(2)
    expect(refused.stderr).toContain('not as a disk of its own')
  })

  test('gets a signed record in the repository, and attestations travel both ways', async () => {
    await configure([`signing_key_file: ${made.signingKey}`])
    await prepare()
    expect((await ecomdb('backup', 'verify')).status).toBe(0)
    expect((await copied()).recordId).toMatch(/^[0-9a-f-]{36}$/)
    const verified = await ecomdb('backup', 'verify', made.first.snapshotId, '--from', 'weekly')
    expect(verified.stdout).toContain('attested')
    await copied()
    const outcomes = async (...from: string[]): Promise<unknown[]> => {
      const { snapshots } = (await ecomdb('backup', 'list', '--json', ...from)).json().result
      return snapshots.map((one: { verified: unknown }) => one.verified && 'verified')
    }
    expect(await outcomes()).toEqual([null, 'verified'])
    expect(await outcomes('--from', 'weekly')).toEqual(['verified', null])
    for (const from of [[], ['--from', 'weekly']]) {
      for (const { snapshotId } of [made.first, made.second]) {
        const shown = await ecomdb('backup', 'show', snapshotId, '--json', ...from)
        expect(shown.json().result.attestations).toHaveLength(1)
      }
    }
  })

  test('a record that cannot be stored is a finding, and the copy is whole', async () => {
    await configure([`signing_key_file: ${made.signingKey}`])
    await prepare()
    // Where the records' folder should be.
    await writeFile(join(source, 'copies'), '')
    const run = await ecomdb('backup', 'copy', '--to', 'weekly')
    expect([run.status, run.stdout]).toEqual([3, expect.stringContaining('NOT RECORDED')])
    await rm(join(source, 'copies'))
    expect((await copied()).recordId).not.toBeNull()
  })

  test('a signing key that is configured and cannot be read is a finding, and the copy is whole', async () => {
    await configure([`signing_key_file: ${join(folder, 'gone.pem')}`])
    await prepare()
    const run = await ecomdb('backup', 'copy', '--to', 'weekly')
    expect([run.status, run.stdout]).toEqual([
      3,
      expect.stringMatching(/NOT RECORDED .*the signing key cannot be read/),
    ])
    await configure()
    expect(await copied()).toMatchObject({ recordId: null, recordProblem: null, files: 0 })
  })

  test('what is damaged in the copy is brought again, once a verify has found it', async () => {
    await configure([`signing_key_file: ${made.signingKey}`])
    await prepare()
    await copied()
    const [lost, edited] = made.first.objects.map(({ path }) => join(disk, path))
    await rm(lost ?? '')
    await writeFile(edited ?? '', (await readFile(edited ?? '')).fill(7, 250, 251))
    const found = await ecomdb('backup', 'verify', '--all', '--from', 'weekly')
    expect([found.status, found.stdout]).toEqual([
      13,
      expect.stringContaining(
        'next `ecomdb backup copy` to this copy brings what is damaged again.',
      ),
    ])
    expect(found.stdout).not.toMatch(/make a new backup|keys.signing_key_file/)
    await configure()
    const unsigned = await ecomdb('backup', 'verify', '--all', '--from', 'weekly')
    expect(unsigned.stdout).toContain('First verify it with keys.signing_key_file')
    await configure([`signing_key_file: ${made.signingKey}`])
    const healed = await copied()
    expect(healed.healed).toHaveLength(2)
    expect(healed).toMatchObject({ copied: [], files: 2 })
    expect((await ecomdb('backup', 'verify', '--all', '--from', 'weekly')).status).toBe(0)
    expect((await copied()).healed).toEqual([])
    // The damage was the copy's: the repository itself uses the object again.
    const repository = await openRepository(openDirectoryTarget(source))
    const { reused } = await commitSnapshot(repository, made.keys.options, ['1\n2\n', '3\n'])
    expect(reused).toBe(2)
  })

  test('an attestation that has rotted in it is named by verify --all, and brought again', async () => {
    await configure([`signing_key_file: ${made.signingKey}`])
    await prepare()
    const { status } = await ecomdb('backup', 'verify', made.first.snapshotId)
    expect(status).toBe(0)
    await copied()
    const folder = join(disk, 'attestations', made.first.snapshotId)
    const [name = ''] = await readdir(folder)
    const text = await readFile(join(folder, name), 'utf8')
    await rm(join(folder, name))
    await writeFile(join(folder, name), text.replace('attestation', 'aXtestation'))
    const all = await ecomdb('backup', 'verify', '--all', '--from', 'weekly', '--json')
    expect(all.status, all.stdout).toBe(3)
    expect(all.json().result).toMatchObject({
      outcome: 'passed',
      doubted: [{ name: expect.stringContaining(name), code: 'SIGNATURE_INVALID' }],
    })
    await rm(join(folder, name))
    await copied()
    expect(await readFile(join(folder, name), 'utf8')).toBe(text)
    expect((await ecomdb('backup', 'verify', '--all', '--from', 'weekly')).status).toBe(0)
  })

  test('what is damaged in the repository does not reach it, and is named: exit 13', async () => {
    const firsts = made.first.objects.map(({ path }) => path)
    const own = made.second.objects.find(({ path }) => !firsts.includes(path))?.path ?? ''
    await writeFile(join(source, own), 'rubbish')
    await prepare()
    const run = await ecomdb('backup', 'copy', '--to', 'weekly', '--json')
    expect(run.status).toBe(13)
    expect(run.json().result.incomplete).toEqual([
      { snapshotId: made.second.snapshotId, problem: expect.stringContaining(own) },
    ])
    expect(run.json().result.copied).toEqual([made.first.snapshotId])
    expect((await ecomdb('backup', 'verify', '--all', '--from', 'weekly')).status).toBe(0)
    const listed = (await ecomdb('backup', 'list', '--json', '--from', 'weekly')).json().result
    expect(listed.snapshots).toHaveLength(1)
  })

  test('an increment takes with it what it builds on, also what has expired in the copy', async () => {
    await configure([`signing_key_file: ${made.signingKey}`])
    await prepare()
    await copied()
    // In the copy, and there alone, the first snapshot has expired, and is gone.
    const { copyId } = JSON.parse(await readFile(join(disk, 'ecomdb-copy.json'), 'utf8'))
    const { snapshotId: base } = made.first
    const [tombstoneId, snapshotId] = [uuidV7(new Date()), uuidV7(new Date())]
    const at = new Date().toISOString()
    const tombstone = {
      ...{ format: 1, repositoryId: made.repository.id, tombstoneId, copyId, tool: '', at },
      ...{ removeAfter: at, lapsesAt: at, objects: [] },
      snapshots: [{ snapshotId: base, envelopeSha256: '', reasons: [] }],
    }
    const sign = (kind: 'tombstone' | 'snapshot', value: object): Buffer =>
      signStatement(kind, value, made.keys.signingKey)
    await mkdir(join(disk, 'tombstones'))
    await writeFile(join(disk, 'tombstones', `${tombstoneId}.json`), sign('tombstone', tombstone))
    await rm(join(disk, 'snapshots', base), { recursive: true })
    expect((await copied()).skipped).toEqual([base])
    // In the repository it stands, and another is built on it.
    const increment = { ...made.second, snapshotId, method: 'physical', base, index: 'none' }
    await mkdir(join(source, 'snapshots', snapshotId))
    const file = join(source, 'snapshots', snapshotId, 'snapshot.json')
    await writeFile(file, sign('snapshot', increment))
    expect(await copied()).toMatchObject({ copied: [base, snapshotId], skipped: [] })

    const lonely = uuidV7(new Date())
    const missing = uuidV7(new Date())
    await mkdir(join(source, 'snapshots', lonely))
    await writeFile(
      join(source, 'snapshots', lonely, 'snapshot.json'),
      sign('snapshot', { ...increment, snapshotId: lonely, base: missing }),
    )
    const run = await ecomdb('backup', 'copy', '--to', 'weekly', '--json')
    expect(run.status).toBe(13)
    const problem = `it builds on ${missing}, which is not whole in the copy`
    expect(run.json().result.incomplete).toEqual([{ snapshotId: lonely, problem }])
    expect(run.json().result.snapshots).toBe(3)
    // What the copy has still is whole there, also when the repository has lost it.
    await rm(join(source, 'snapshots', base), { recursive: true })
    const lost = await ecomdb('backup', 'copy', '--to', 'weekly', '--json')
    expect(lost.json().result.incomplete).toEqual([{ snapshotId: lonely, problem }])
  })

  test('a planted envelope is not copied, and is named: exit 3', async () => {
    await prepare()
    const planted = join(source, 'snapshots', made.second.snapshotId, 'snapshot.json')
    await writeFile(planted, JSON.stringify({ payloadType: 'x', payload: '', signatures: [] }))
    const run = await ecomdb('backup', 'copy', '--to', 'weekly')
    expect(run.status).toBe(3)
    expect(run.stdout).toContain(`NOT BELIEVED  snapshot ${made.second.snapshotId}`)
    expect(run.stdout).not.toContain('has to be removed there')
  })

  test('an envelope that was changed in the copy is not called there: what to do is said', async () => {
    await prepare()
    expect((await copied()).copied).toHaveLength(2)
    const changed = join(disk, 'snapshots', made.second.snapshotId, 'snapshot.json')
    await truncate(changed, 100)
    const run = await ecomdb('backup', 'copy', '--to', 'weekly')
    expect(run.status).toBe(3)
    expect(run.stdout).toContain(': nothing was brought')
    expect(run.stdout).toContain('has to be removed there first')
    await rm(changed)
    expect((await copied()).copied).toEqual([made.second.snapshotId])
  })

  test('snapshots of a signer that this host does not know are not called changed', async () => {
    await prepare()
    await copied()
    const text = await readFile(config, 'utf8')
    const [known = ''] = made.keys.options.trustedSigners
    const other = (await makeKeys()).options.trustedSigners
    await writeFile(config, text.replace(known, `${other}`))
    const run = await ecomdb('backup', 'copy', '--to', 'weekly')
    expect(run.status).toBe(3)
    expect(run.stdout).toContain(`${made.second.snapshotId} in the copy: it is signed by`)
    expect(run.stdout).toContain('add the new signer to keys.trusted_signers')
    expect(run.stdout).not.toContain('has to be removed there')
  })
})

describe.skipIf(process.getuid?.() !== 0)('a disk (root alone may mount one)', () => {
  const mount = (options = 'size=64m') => {
    const done = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk])
    expect(done.status, done.stderr.toString()).toBe(0)
    return () => spawnSync('umount', [disk])
  }

  /** The temp folder may be in memory, which is another disk by itself. */
  async function onSystemDisk(): Promise<string> {
    for (const parent of [tmpdir(), '/tmp', '/var/tmp']) {
      if ((await mountPointOf(parent)) === '/') return await mkdtemp(join(parent, 'ecomdb-test-'))
    }
    return await mkdtemp('/ecomdb-test-')
  }

  test('is copied to, ejected, and refused while it is away', async () => {
    disk = await onSystemDisk()
    await configure()
    const unmount = mount()
    try {
      const made = await ecomdb('target', 'prepare', 'weekly', '--label', 'disk-a')
      expect(made.status, made.stderr).toBe(0)
      expect(made.stdout).toContain(`the disk at ${disk}`)
      // A tmpfs loses its files with the mount: a bind mount keeps them in another place.
      const kept = join(folder, 'kept')
      await mkdir(kept)
      spawnSync('mount', ['--bind', disk, kept])
      const run = await ecomdb('backup', 'copy', '--to', 'weekly', '--eject')
      expect(run.status, run.stderr).toBe(0)
      expect(run.stdout).toContain('unmounted: the disk may be taken away')
      expect(await contentsOf(disk)).toEqual({})
      const away = await ecomdb('backup', 'copy', '--to', 'weekly')
      expect(away.status).toBe(10)
      // Somebody copied the disk's files into its mount point: it is the system's disk still.
      await cp(join(kept, 'ecomdb-copy.json'), join(disk, 'ecomdb-copy.json'))
      const fooled = await ecomdb('backup', 'copy', '--to', 'weekly')
      expect(fooled.status).toBe(10)
      expect(fooled.stderr).toContain('the disk of disk-a is not mounted')
      spawnSync('umount', [kept])
    } finally {
      spawnSync('umount', [join(folder, 'kept')])
      unmount()
      await rm(disk, { recursive: true })
    }
  })

  test('that is in use cannot be ejected: exit 30, and the copy is whole', async () => {
    const unmount = mount()
    try {
      await ecomdb('target', 'prepare', 'weekly', '--label', 'disk-a')
      const busy = await runEcomdb(['backup', 'copy', '--to', disk, '--eject', '-c', config], {
        env,
        cwd: disk,
      })
      expect(busy.status).toBe(30)
      expect(busy.stderr).toContain('could not be unmounted')
      expect((await ecomdb('backup', 'verify', '--all', '--target', disk)).status).toBe(0)
    } finally {
      unmount()
    }
  })

  test('that is too small: exit 30, nothing half there, and room lets it go on', async () => {
    await addSnapshot(['x'.repeat(3_000_000).replace(/x/g, () => randomLetter())])
    const unmount = mount('size=1m')
    try {
      await ecomdb('target', 'prepare', 'weekly', '--label', 'disk-a')
      const full = await ecomdb('backup', 'copy', '--to', 'weekly')
      expect(full.status).toBe(30)
      expect(full.stderr).toContain('is too small')
      spawnSync('mount', ['-o', 'remount,size=64m', disk])
      expect((await copied()).snapshots).toBe(3)
    } finally {
      unmount()
    }
  })
})

test('two disks take turns, each with its own id; status knows the one that is away', async () => {
  await configure([`signing_key_file: ${made.signingKey}`])
  await prepare('disk-a')
  const a = await copied()
  await rename(disk, `${disk}-a`)
  await mkdir(disk)
  await prepare('disk-b')
  const b = await copied()
  expect([a.copy.label, b.copy.label]).toEqual(['disk-a', 'disk-b'])
  expect(a.copy.copyId).not.toBe(b.copy.copyId)
  await rename(disk, `${disk}-b`)
  await rename(`${disk}-a`, disk)
  const back = await copied()
  expect(back.copy).toEqual(a.copy)
  expect(back.lastSeenAt).not.toBeNull()
  const status = await ecomdb('backup', 'status')
  expect(status.status).toBe(3)
  expect(status.stdout).toMatch(/ok +3 copies +4 copies: the server, repository, disk-a, disk-b/)
  expect(status.stdout).toMatch(/MISSING +0 errors +repository: .*never verified; never drilled/)
  expect(status.stdout).toMatch(/disk-b +shows .* offline since 20/)
  // Another host knows of both disks by the signed records alone.
  const elsewhere = await runEcomdb(['backup', 'status', '--json', '--config', config])
  const { places, stale } = elsewhere.json().result
  expect(places.map(({ label }: { label: string }) => label)).toEqual([
    'repository',
    'disk-a',
    'disk-b',
  ])
  expect(stale).toEqual([])
})

test('a disk that is away is kept where the configuration says now', async () => {
  await configure([`signing_key_file: ${made.signingKey}`])
  await prepare()
  await copied()
  await rename(disk, `${disk}-a`)
  const rules = async () => {
    const { datasets } = (await ecomdb('backup', 'status', '--json')).json().result
    return datasets[0].rules.slice(1, 3).map(({ detail }: { detail: string }) => detail)
  }
  expect(await rules()).toEqual(['media: unnamed, usb-disk', 'disk-a'])
  const text = await readFile(config, 'utf8')
  await writeFile(config, text.replace('usb-disk, offsite: true', 'raid, offsite: false'))
  expect(await rules()).toEqual(['media: unnamed, raid', 'none'])
})

test('a disk that is away counts by the age of its newest snapshot, expired here or not', async () => {
  await configure([`signing_key_file: ${made.signingKey}`])
  await prepare()
  await copied()
  await rename(disk, `${disk}-a`)
  await addSnapshot(['9\n'])
  for (const { snapshotId } of [made.first, made.second])
    await rm(join(source, 'snapshots', snapshotId), { recursive: true })
  const shows = made.second.consistentAt
  // By this host's note, and by the signed record alone.
  for (const state of [env, {}]) {
    const args = ['backup', 'status', '--config', config]
    const status = await runEcomdb(args, { env: state })
    expect(status.stdout).toMatch(/disk-a +shows .*, expired here +offline since 20/)
    const json = await runEcomdb([...args, '--json'], { env: state })
    const { datasets, stale } = json.json().result
    expect(datasets[0].places[1]).toMatchObject({
      newestShows: shows,
      newestExpired: true,
      fresh: true,
    })
    expect(stale).toEqual([])
  }
  const text = await readFile(config, 'utf8')
  await writeFile(config, text.replace('offline: true', 'offline: true, max_age: 1s'))
  const { stale } = (await ecomdb('backup', 'status', '--json')).json().result
  expect(stale).toEqual([{ name: 'weekly', why: `its newest snapshot shows ${shows}` }])
  // It is here again, and has what the repository has no more beside what is brought now.
  await rename(`${disk}-a`, disk)
  const holds = await ecomdb('backup', 'copy', '--to', 'weekly', '--json')
  expect(holds.json().result).toMatchObject({ copied: [expect.any(String)], snapshots: 3 })
  await rm(join(disk, 'snapshots', holds.json().result.copied[0]), { recursive: true })
  expect((await ecomdb('backup', 'status')).stdout).toMatch(/disk-a +shows .*, expired here.* here/)
  const planted = join(source, 'snapshots', made.second.snapshotId)
  await rename(disk, `${disk}-a`)
  await mkdir(planted)
  await writeFile(join(planted, 'snapshot.json'), '{}')
  expect((await ecomdb('backup', 'status')).stdout).toMatch(/disk-a .*too old/)
})

test('a copy that has what the repository has lost, with no tombstone, is a finding: exit 3', async () => {
  await configure([`signing_key_file: ${made.signingKey}`])
  await prepare()
  await copied()
  await rename(disk, `${disk}-a`)
  const before = (await ecomdb('backup', 'status', '--json')).json().result
  expect([before.ahead, before.vanished]).toEqual([[], []])
  // As of a bucket that was put back from an older copy.
  await rm(join(source, 'snapshots', made.second.snapshotId), { recursive: true })
  for (const back of [false, true]) {
    if (back) await rename(`${disk}-a`, disk)
    const status = await ecomdb('backup', 'status')
    expect(status.status).toBe(3)
    expect(status.stdout).toContain(`VANISHED  ${made.second.snapshotId}: disk-a has it, newer`)
  }
})

test('a copy that is here and cannot be used does not count by what was written down of it', async () => {
  await configure([`signing_key_file: ${made.signingKey}`])
  await prepare()
  const empty = await ecomdb('backup', 'list', '--from', 'weekly')
  expect(empty.stdout).toContain('`ecomdb backup copy` brings what the repository has')
  await copied()
  expect((await ecomdb('backup', 'status', '--json')).json().result.refused).toEqual([])
  const status = async () => {
    const run = await ecomdb('backup', 'status', '--json')
    return [run.status, run.json().result.met, run.json().result.refused]
  }
  for (const name of ['ecomdb-repository.json', 'ecomdb-copy.json']) {
    const bytes = await readFile(join(disk, name))
    await writeFile(join(disk, name), '{')
    expect(await status(), name).toEqual([
      ...[
        3,
        false,
        [expect.objectContaining({ name: 'copy weekly', code: 'REPOSITORY_NOT_FOUND' })],
      ],
    ])
    await writeFile(join(disk, name), bytes)
  }
  // The disk of another repository lies in its place: ours is away.
  const marker = await readFile(join(disk, 'ecomdb-copy.json'), 'utf8')
  const other = { ...JSON.parse(marker), repositoryId: '00000000-0000-4000-8000-000000000000' }
  await writeFile(join(disk, 'ecomdb-copy.json'), JSON.stringify(other))
  expect((await status())[2]).toEqual([])
})

test('a directory that nobody takes away does not count by what was written down of it', async () => {
  await configure([`signing_key_file: ${made.signingKey}`])
  const text = await readFile(config, 'utf8')
  await writeFile(config, text.replace(', offline: true', ''))
  await prepare()
  await copied()
  const status = async () => {
    const { status, stdout } = await ecomdb('backup', 'status')
    expect(status).toBe(3)
    return stdout
  }
  expect(await status()).toMatch(/ok +3 copies +3 copies: the server, repository, disk-a/)
  const notReached = async (why: string) => {
    const stdout = await status()
    expect(stdout).toMatch(/MISSING +3 copies +2 copies: the server, repository$/m)
    expect(stdout).toMatch(/disk-a +shows \S+ \S+ +NOT REACHED/)
    expect(stdout).toMatch(new RegExp(`^NOT (REACHED|BELIEVED) {2}copy weekly: .*${why}`, 'm'))
  }
  await rename(disk, `${disk}-a`)
  await notReached('there is no such directory; .*offline: true')
  await mkdir(disk)
  await notReached('there is no ecomdb-copy.json in it')
  const marker = await readFile(join(`${disk}-a`, 'ecomdb-copy.json'), 'utf8')
  const other = { ...JSON.parse(marker), repositoryId: '00000000-0000-4000-8000-000000000000' }
  await writeFile(join(disk, 'ecomdb-copy.json'), JSON.stringify(other))
  await notReached('it is a copy of repository 00000000')

  // Another disk for good: what was written down of the one before is no copy beside it.
  await rm(disk, { recursive: true })
  await mkdir(disk)
  await prepare('disk-b')
  await copied()
  expect(await status()).toMatch(/ok +3 copies +3 copies: the server, repository, disk-b$/m)
})

test('a copy that is given by its place is the one of the configuration', async () => {
  await configure([`signing_key_file: ${made.signingKey}`])
  await prepare()
  const run = await ecomdb('backup', 'copy', '--to', disk)
  expect(run.status, run.stderr).toBe(0)
  await rename(disk, `${disk}-a`)
  const { stdout } = await ecomdb('backup', 'status')
  expect(stdout).toMatch(/ok +3 copies +3 copies: the server, repository, disk-a/)
  expect(stdout).not.toContain('never copied to')
})

test('an envelope in a copy that is not believed is told', async () => {
  await configure([`signing_key_file: ${made.signingKey}`])
  await prepare()
  await copied()
  const refused = async () => (await ecomdb('backup', 'status', '--json')).json().result.refused
  expect(await refused()).toEqual([])
  const { snapshotId } = made.second
  const envelope = join(disk, 'snapshots', snapshotId, 'snapshot.json')
  await writeFile(envelope, '{}')
  expect(await refused()).toMatchObject([
    { name: `snapshot ${snapshotId} in copy weekly (disk-a)` },
  ])
})

test('a disk that was formatted and has its label again counts once', async () => {
  await configure([`signing_key_file: ${made.signingKey}`])
  await prepare()
  await copied()
  const places = async () => {
    const { places } = (await ecomdb('backup', 'status', '--json')).json().result
    const copies = places.slice(1)
    return copies.map((one: { label: string; snapshots: number }) => [one.label, one.snapshots])
  }
  expect(await places()).toEqual([['disk-a', 2]])
  await rm(disk, { recursive: true })
  await mkdir(disk)
  await prepare()
  expect(await places()).toEqual([['disk-a', 0]])
  await copied()
  await rename(disk, `${disk}-a`)
  await mkdir(disk)
  await prepare('disk-b')
  expect(await places()).toEqual([
    ['disk-a', 2],
    ['disk-b', 0],
  ])
})

test('what other means have brought counts when it was compared, and not before', async () => {
  await configure([`signing_key_file: ${made.signingKey}`])
  await cp(source, disk, { recursive: true })
  const [{ path = '' } = {}] = made.second.objects
  const right = await readFile(join(disk, path))
  await writeFile(join(disk, path), Buffer.alloc(right.length))
  expect((await prepare()).status).toBe(0)
  const errors = async () => {
    const { datasets } = (await ecomdb('backup', 'status', '--json')).json().result
    return datasets[0].rules[4].detail
  }
  expect(await errors()).toContain('disk-a: the newest snapshot was never verified')
  const { copied: brought, healed, files } = await copied()
  expect([brought, healed, files]).toEqual([[], [made.second.snapshotId], 1])
  expect(await readFile(join(disk, path))).toEqual(right)
  expect(await errors()).not.toContain('disk-a')
  // From now on what is there in its length is not read each time.
  await writeFile(join(disk, path), Buffer.alloc(right.length))
  expect((await copied()).files).toBe(0)
})

test('what other means have brought since the last copy is compared, and what is not whole is not known by that', async () => {
  await configure([`signing_key_file: ${made.signingKey}`])
  await prepare()
  await copied()
  const added = await addSnapshot(['6\n'])
  const repository = await openRepository(openDirectoryTarget(source))
  const { trustedSigners } = made.keys.options
  const { objects, consistentAt } = await repository.readEnvelope(added, trustedSigners)
  const [{ path = '' } = {}] = objects
  const right = await readFile(join(source, path))
  const wrong = Buffer.alloc(right.length)
  await cp(source, disk, { recursive: true, force: false })
  await Promise.all([source, disk].map(root => writeFile(join(root, path), wrong)))
  const shows = async () => {
    const { datasets } = (await ecomdb('backup', 'status', '--json')).json().result
    return datasets[0].places.at(-1).newestShows
  }
  expect(await shows()).toBe(made.second.consistentAt)
  for (const _ of ['the first time', 'the second']) {
    const { status, stdout } = await ecomdb('backup', 'copy', '--to', 'weekly', '--json')
    expect([status, JSON.parse(stdout).result.incomplete]).toMatchObject([
      13,
      [{ snapshotId: added }],
    ])
  }
  await writeFile(join(source, path), right)
  expect(await copied()).toMatchObject({ healed: [added], files: 1 })
  expect(await readFile(join(disk, path))).toEqual(right)
  expect(await shows()).toBe(consistentAt)
})

test('a clone of a disk is told, counts for nothing, and is read as a whole when it is copied to', async () => {
  await configure([`signing_key_file: ${made.signingKey}`])
  await prepare()
  await copied()
  const clone = `${disk}-clone`
  await cp(disk, clone, { recursive: true })
  const [{ path = '' } = {}] = made.second.objects
  const right = await readFile(join(clone, path))
  await writeFile(join(clone, path), Buffer.alloc(right.length))
  const added = await addSnapshot(['6\n'])
  await copied()
  const status = async () => {
    const { refused, places } = (await ecomdb('backup', 'status', '--json')).json().result
    return [refused, places.at(-1).present]
  }
  expect(await status()).toEqual([[], true])
  const turn = async () => {
    await rename(disk, `${disk}-x`)
    await rename(clone, disk)
    await rename(`${disk}-x`, clone)
  }
  const told = {
    name: 'copy weekly',
    why: expect.stringContaining('this is not the disk disk-a that was copied to at'),
  }
  await turn()
  expect(await status()).toEqual([[expect.objectContaining(told)], false])
  const run = await ecomdb('backup', 'copy', '--to', 'weekly', '--json')
  expect([run.status, run.json().warnings.join()]).toEqual([
    0,
    expect.stringMatching(/this is not the disk disk-a .*; all that is there is read/),
  ])
  expect(run.json().result).toMatchObject({ copied: [added], healed: [made.second.snapshotId] })
  expect(await readFile(join(disk, path))).toEqual(right)
  expect(await status()).toEqual([[], true])
  await turn()
  expect(await status()).toEqual([[expect.anything()], false])
  await copied()
  expect(await status()).toEqual([[], true])
})

test('what a verify says of a copy is not said of the repository', async () => {
  await configure([`signing_key_file: ${made.signingKey}`])
  await prepare()
  await copied()
  const [{ path = '' } = {}] = made.second.objects
  await writeFile(join(source, path), 'bent')
  expect((await ecomdb('backup', 'verify')).status).toBe(13)
  expect((await ecomdb('backup', 'verify', '--from', 'weekly')).status).toBe(0)
  await ecomdb('backup', 'copy', '--to', 'weekly')
  const verified = async (...args: string[]) =>
    (await ecomdb('backup', 'list', '--json', ...args)).json().result.snapshots.at(-1).verified
  expect(await verified()).toMatchObject({ outcome: 'failed' })
  expect(await verified('--from', 'weekly')).toMatchObject({ outcome: 'passed' })
})

test('a copy that backups go to is the repository, and no copy beside it', async () => {
  await configure([`signing_key_file: ${made.signingKey}`])
  await prepare()
  expect((await ecomdb('backup', 'verify', '--all')).status).toBe(0)
  await copied()
  // The first repository is lost. The copy may be named as a copy still.
  const text = await readFile(config, 'utf8')
  const status = async () => {
    const run = await ecomdb('backup', 'status', '--json')
    const { places, datasets, vanished } = run.json().result
    expect(vanished).toEqual([])
    const [three, , , , errors] = datasets[0].rules
    return [places.length, three.detail, errors.detail]
  }
  for (const alone of [true, false]) {
    const named = text.replace(`{directory: ${source}}`, `{directory: ${disk}}`)
    await writeFile(config, alone ? named.replace(/copies: .*/, '') : named)
    expect(await status()).toEqual([
      1,
      '2 copies: the server, repository',
      expect.stringMatching(
        alone ? /^repository: .* never verified/ : /^repository: .* verify failed/,
      ),
    ])
    if (!alone) {
      // A job that goes on copying there makes no copy.
      const onto = await ecomdb('backup', 'copy', '--to', 'weekly')
      expect([onto.status, onto.stderr]).toEqual([2, expect.stringContaining('to itself')])
      break
    }
    expect((await ecomdb('backup', 'verify')).status).toBe(0)
    expect(await status()).toEqual([1, '2 copies: the server, repository', 'never drilled'])
    await writeFile(join(disk, made.second.manifest.path), 'bent')
    expect((await ecomdb('backup', 'verify')).status).toBe(13)
  }
})

function randomLetter(): string {
  return String.fromCharCode(97 + Math.floor(Math.random() * 26))
}
