import { spawnSync } from 'node:child_process'
import { appendFile, mkdir, readFile, rename, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { Random } from '#domain/sample/random'
import { NotTried } from '../../suite.ts'
import { type Case, filesOf } from '../case.ts'
import { ended, kill, requireHonest, runJob } from '../cut-short.ts'
import type { Fault } from '../kinds.ts'

const fullDisk: Fault = {
  name: 'a full disk',
  appliesTo: job => job.roomKib > 0,
  async run(one, job, random) {
    await job.prepare?.(one)
    const folder = { repository: one.repository, copy: one.copy, configuration: one.folder }[
      job.writes
    ]
    const disk = join(one.place.folder, 'disk')
    await mkdir(disk, { recursive: true })
    if (mount('-t', 'tmpfs', '-o', 'size=96m', 'tmpfs', disk) !== 0) {
      throw new NotTried('this machine allows no mounts')
    }
    try {
      await moveOnto(disk, folder)
      const used = Number(run('du', '-sk', disk).split('\t')[0])
      const room = used + random.between(0, job.roomKib)
      mount('-o', `remount,size=${room}k`, disk)
      const cut = await one.interfered(await job.args(one), null)
      // With room again, and with the drill's private server where it has some, too.
      spawnSync('umount', ['-l', folder])
      run('cp', '-a', `${disk}/.`, folder)
      await requireHonest(one, job, cut)
      return `${room - used} KiB of room: ${ended(cut)}; ${await job.recover(one)}`
    } finally {
      await moveBack(disk, folder)
    }
  },
}

const mount = (...args: string[]): number | null => spawnSync('mount', args).status
const run = (file: string, ...args: string[]): string =>
  spawnSync(file, args, { encoding: 'utf8' }).stdout

/** The folder's content is on the disk, which is mounted in its place. */
async function moveOnto(disk: string, folder: string): Promise<void> {
  run('cp', '-a', `${folder}/.`, disk)
  await rename(folder, `${folder}-aside`)
  await mkdir(folder)
  if (mount('--bind', disk, folder) !== 0) throw new Error('the disk cannot be mounted there')
}

async function moveBack(disk: string, folder: string): Promise<void> {
  for (const place of [folder, disk]) spawnSync('umount', ['-l', place])
}

const tornWrites: Fault = {
  name: 'writes that were torn by the crash',
  appliesTo: job => job.writes !== 'configuration' && job.server !== 'target',
  async run(one, job, random) {
    await job.prepare?.(one)
    const folder = job.writes === 'copy' ? one.copy : one.repository
    const known = new Set(await filesOf(folder))
    const onWrite = { folder, delayMs: random.between(0, 60) }
    const cut = await runJob(one, job, { onWrite, act: kill })
    const torn = await tear(folder, known, random)
    await tearJournals(one, random)
    return `${ended(cut, 'SIGKILL behind a write')}, ${torn} files torn; ${await job.recover(one)}`
  },
}

/**
 * What a power cut may take: the ends of files that nothing had made durable. What an envelope
 * names was flushed before it was written, and so was the envelope before anything went on.
 */
async function tear(folder: string, known: ReadonlySet<string>, random: Random): Promise<number> {
  const fresh = (await filesOf(folder)).filter(file => !known.has(file))
  const envelopes = fresh.filter(file => file.endsWith('.json') && !/\/started\.json$/.test(file))
  const named = await Promise.all(envelopes.map(file => readFile(file, 'utf8')))
  const texts = named.map(text => Buffer.from(JSON.parse(text).payload ?? '', 'base64').toString())
  let torn = 0
  for (const file of fresh) {
    const path = file.slice(folder.length + 1)
    const kept = envelopes.includes(file) || texts.some(text => text.includes(path))
    if (kept || random.chance(0.4)) continue
    await truncate(file, random.between(0, 200))
    torn += 1
  }
  return torn
}

/** The tool's own notes: their last lines were not flushed. */
async function tearJournals(one: Case, random: Random): Promise<void> {
  for (const file of await filesOf(join(one.state, 'unfinished-backups'))) {
    const bytes = await readFile(file)
    await truncate(file, random.between(0, bytes.length))
    if (random.chance(0.5)) await appendFile(file, '{"id": "torn')
  }
}

export const diskFaults: readonly Fault[] = [fullDisk, tornWrites]
