import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DrillReport } from '#domain/backup/drill-report'
import type { Case } from '../case.ts'
import { type Content, contentOf, requireOnFiles, requireSame } from '../content.ts'
import type { Job } from '../job.ts'
import { ARCHIVE, CHANGES, forgetLog } from './binlog.ts'
import { emptyTarget, keepOldEngine } from './logical.ts'

/** A repository with a moment between its snapshots and the end of its log. */
interface Logged {
  /** As --at takes it. */
  at: string
  /** What the source held then. */
  content: Content
  /** Snapshots of one position, before it. */
  files: string
  rows: string
}

/** A physical and a logical snapshot, changes, the moment, and changes behind it. */
async function logged(one: Case): Promise<Logged> {
  const { place } = one
  return await one.from('with a log', async () => {
    await keepOldEngine(one, 'InnoDB')
    await forgetLog(one)
    await one.succeeds('backup', 'physical')
    const files = (await one.snapshots()).at(-1) ?? ''
    const rows = await one.backUp({ databases: null })
    await place.run(place.source, ...CHANGES, ...STAYS)
    const content = await contentOf(place, place.source)
    const at = await nextSecond()
    await place.run(place.source, ...CHANGES, 'DROP TABLE shop.stays')
    await one.succeeds(...ARCHIVE)
    return { at, content, files, rows }
  })
}

/** MariaDB's log knows whole seconds: one that begins behind all that was changed. */
async function nextSecond(): Promise<string> {
  const second = Math.floor(Date.now() / 1000) * 1000 + 1000
  await sleep(second - Date.now() + 100)
  return new Date(second).toISOString().replace('T', ' ').replace('.000Z', '+00:00')
}

const STAYS = ['CREATE TABLE shop.stays (id INT PRIMARY KEY)', 'INSERT INTO shop.stays VALUES (1)']

/** What the prepared repository is. */
const LOGGED = new WeakMap<Case, Logged>()

const prepare = async (one: Case): Promise<void> => void LOGGED.set(one, await logged(one))

function of(one: Case): Logged {
  const is = LOGGED.get(one)
  if (!is) throw new Error('the job was not prepared')
  return is
}

const REPLAY = ['fetching the binary log', 'replaying the binary log']

export const restoreMoment: Job = {
  name: 'restore --at',
  stages: [
    'finding the moment in the binary log',
    'opening the snapshot',
    'reading the segments of the binary log',
    'making databases and tables',
    'loading rows',
    'making keys, programs and grants',
    'reading rows back',
    'comparing definitions',
    ...REPLAY,
    'disabling events and locking accounts',
  ],
  lastsMs: 2500,
  server: 'target',
  writes: 'repository',
  roomKib: 0,
  async prepare(one) {
    await emptyTarget(one)
    await prepare(one)
  },
  args: rowsArgs,
  claims: one => requireRows(one, 'exit 0'),
  async recover(one) {
    const how = await again(one, await rowsArgs(one))
    await requireRows(one, how)
    return `${how}; every value is that of the moment`
  },
}

async function rowsArgs(one: Case): Promise<string[]> {
  const { socketPath } = await one.place.target()
  return ['restore', '--at', of(one).at, '--confirm', 'shop', '--socket', socketPath]
}

async function requireRows(one: Case, how: string): Promise<void> {
  requireSame(of(one).content, await contentOf(one.place, await one.place.target()), how)
}

export const restoreFilesMoment: Job = {
  name: 'restore --data-dir --at',
  stages: [
    'finding the moment in the binary log',
    'reading the segments of the binary log',
    'opening the snapshot',
    'reading, decrypting and writing files',
    'applying the log',
    'starting a private server on the files',
    ...REPLAY,
    'checking pages',
  ],
  lastsMs: 3000,
  server: null,
  writes: 'repository',
  roomKib: 0,
  prepare,
  args: async one => filesArgs(one),
  claims: one => requireFiles(one, 'exit 0'),
  async recover(one) {
    const how = await again(one, filesArgs(one))
    await requireFiles(one, how)
    return `${how}; a server on the files has every value of the moment`
  },
}

const dataOf = (one: Case): string => join(one.folder, 'restored/data')
const filesArgs = (one: Case): string[] => [
  ...['restore', '--at', of(one).at],
  ...['--data-dir', dataOf(one)],
]

const requireFiles = (one: Case, how: string): Promise<void> =>
  requireOnFiles(one, dataOf(one), of(one).content, how)

/** What a killed run leaves is in the way of the next one, which says how to begin again. */
async function again(one: Case, args: readonly string[]): Promise<string> {
  const next = await one.ecomdb(...args)
  if (next.status === 0) return 'run again'
  const isThere = next.status === 2 && next.stderr.includes('TARGET_NOT_EMPTY')
  if (!isThere) throw new Error(`run again: exit ${next.status}\n${next.stderr}`)
  const [flag, how] = args.includes('--data-dir')
    ? ['--resume', 'continued']
    : ['--start-over', 'begun again']
  const over = await one.ecomdb(...args, flag)
  if (over.status === 0) return how
  const isWhole = over.status === 2 && over.stderr.includes('TARGET_NOT_EMPTY')
  if (isWhole && !next.stderr.includes(flag)) return 'was done already'
  throw new Error(`${flag}: exit ${over.status}\n${next.stderr}\n${over.stderr}`)
}

/** A drill here takes some seconds, has a server of its own, and writes what it says of the snapshot. */
const OF_A_DRILL = {
  ...{ lastsMs: 5000, server: null, roomKib: 8, prepare },
  writes: 'repository' as const,
}

export const drillAnyMoment: Job = {
  name: 'drill --any-moment',
  stages: [
    'opening the snapshot',
    'starting a private server',
    'loading rows',
    'reading rows back',
    'finding the moment in the binary log',
    'reading the segments of the binary log',
    ...REPLAY,
    'removing the private server',
  ],
  ...OF_A_DRILL,
  args: async one => ['drill', of(one).rows, '--any-moment'],
  async recover(one) {
    return await drilled(one, 'moment', of(one).rows, '--any-moment')
  },
}

/** There is a snapshot of rows at the same position, with whose hashes the files are compared. */
export const drillFiles: Job = {
  name: 'drill of files',
  stages: [
    'opening the snapshot',
    'reading, decrypting and writing files',
    'applying the log',
    'checking pages',
    'starting a private server on the files',
    'reading every table',
    'reading rows back',
    'removing the private server',
  ],
  ...OF_A_DRILL,
  args: async one => ['drill', of(one).files],
  async recover(one) {
    return await drilled(one, 'content', of(one).files)
  },
}

/** @throws Error unless the drill ends well, and this check has really been made */
async function drilled(one: Case, wanted: string, ...args: string[]): Promise<string> {
  const { checks }: DrillReport = JSON.parse(await one.succeeds('drill', ...args, '--json')).result
  const check = checks.find(({ name }) => name === wanted)
  if (check?.outcome !== 'passed') throw new Error(`${wanted}: ${JSON.stringify(checks)}`)
  return `drilled again: ${wanted}: ${check.summary}`
}
