import { resolve } from 'node:path'
import type { Clock } from '#core/clock'
import { adviseOnInterrupt, onInterrupt } from '#core/interruption'
import type { Progress } from '#core/progress'
import { type FilePlan, matchHeader } from '#domain/load/match-header'
import { SOFT_REFERENCES } from '#domain/load/shop-history'
import type { TableShape } from '#domain/load/table-shape'
import type { Loader, LoadSession, OnConflict } from '#engine/loader'
import type { ConnectOptions } from '#engine/session'
import { examineInput, type InputFile } from './load/input-file.ts'
import { type FileOutcome, loadFile } from './load/load-file.ts'
import { RejectsFile } from './load/rejects-file.ts'

export interface LoadOptions {
  files: readonly string[]
  /** Instead of finding each file's table by its header. */
  table?: string | undefined
  onConflict: OnConflict
  /** Read and compare, change nothing in the database. */
  dryRun: boolean
  /** Where rejects go; by default a new file in the current folder. */
  rejectsFile?: string | undefined
}

export interface LoadedFile extends FileOutcome {
  file: string
  table: string
  /** Columns that the file lacks, with what its rows got for them. */
  filled: Record<string, string>
}

export interface LoadReport {
  dryRun: boolean
  onConflict: OnConflict
  method: LoadSession['method']
  files: LoadedFile[]
  loaded: number
  present: number
  kept: number
  replaced: number
  rejected: number
  /** null when there is nothing in it: no row was rejected, kept back or replaced. */
  rejectsFile: string | null
  /** Rows that refer to others which are not there, where no foreign key can hold. */
  orphans: { table: string; column: string; referencedTable: string; count: number }[]
}

/**
 * `ecomdb load`: all files are looked at before the first one is loaded; then they are
 * loaded in the order given.
 *
 * @throws EcomdbError INPUT_NOT_FOUND, INPUT_INVALID, STORAGE_FAILED, and as Loader says
 */
export async function loadFiles(
  loader: Loader,
  connect: ConnectOptions,
  options: LoadOptions,
  { progress, clock }: { progress: Progress; clock: Clock },
): Promise<LoadReport> {
  progress.stage('looking at the files')
  const inputs: InputFile[] = []
  for (const file of options.files) inputs.push(await examineInput(file))
  const session = await loader.open(connect, { lock: !options.dryRun })
  try {
    const tables = await session.tables()
    const plans = inputs.map(({ path, header }) => matchHeader(path, header, tables, options.table))
    const rejects = await RejectsFile.open(options.rejectsFile ?? defaultRejectsFile(clock))
    const finished = onInterrupt(async () => {
      session.cancel()
      await rejects.close()
    })
    const advised = options.dryRun
      ? () => {}
      : adviseOnInterrupt('run the same command again: it goes on where it stopped')
    try {
      const files = await loadInOrder(inputs, plans, { session, rejects, progress, options })
      const orphans = options.dryRun ? [] : await findOrphans(session, tables, plans)
      return report(options, session, rejects, files, orphans)
    } finally {
      advised()
      finished()
      await rejects.close()
    }
  } finally {
    await session.close()
  }
}

function defaultRejectsFile(clock: Clock): string {
  const stamp = clock.now().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)
  return resolve(`ecomdb-rejects-${stamp}.csv`)
}

async function loadInOrder(
  inputs: readonly InputFile[],
  plans: readonly FilePlan[],
  context: {
    session: LoadSession
    rejects: RejectsFile
    progress: Progress
    options: LoadOptions
  },
): Promise<LoadedFile[]> {
  const { session, rejects, progress, options } = context
  const { onConflict, dryRun } = options
  progress.stage(dryRun ? 'comparing rows' : 'loading rows')
  progress.total({ bytes: inputs.reduce((sum, input) => sum + input.sizeBytes, 0) })
  const files: LoadedFile[] = []
  for (const [place, input] of inputs.entries()) {
    const plan = plans[place]
    if (!plan) continue
    const load = { input, plan, session, rejects, onConflict, dryRun, progress }
    const outcome = await loadFile(load)
    files.push({ file: input.path, table: plan.table.name, filled: filledBy(plan), ...outcome })
  }
  return files
}

function filledBy({ columns }: FilePlan): Record<string, string> {
  const constants = columns.filter(column => column.field < 0)
  return Object.fromEntries(constants.map(column => [column.name, column.constant ?? 'NULL']))
}

async function findOrphans(
  session: LoadSession,
  tables: readonly TableShape[],
  plans: readonly FilePlan[],
): Promise<LoadReport['orphans']> {
  const has = (table: string, column: string): boolean =>
    tables.some(({ name, columns }) => name === table && columns.some(c => c.name === column))
  const touched = new Set(plans.map(plan => plan.table.name))
  const found: LoadReport['orphans'] = []
  for (const reference of SOFT_REFERENCES) {
    const { table, column, referencedTable, referencedColumn } = reference
    const there = has(table, column) && has(referencedTable, referencedColumn)
    if (!there || !(touched.has(table) || touched.has(referencedTable))) continue
    const count = await session.countOrphans(reference)
    if (count > 0) found.push({ table, column, referencedTable, count })
  }
  return found
}

function report(
  { dryRun, onConflict }: LoadOptions,
  { method }: LoadSession,
  rejects: RejectsFile,
  files: LoadedFile[],
  orphans: LoadReport['orphans'],
): LoadReport {
  const sum = (count: 'loaded' | 'present' | 'kept' | 'replaced' | 'rejected'): number =>
    files.reduce((total, file) => total + file[count], 0)
  return {
    dryRun,
    onConflict,
    method,
    files,
    loaded: sum('loaded'),
    present: sum('present'),
    kept: sum('kept'),
    replaced: sum('replaced'),
    rejected: sum('rejected'),
    rejectsFile: rejects.count > 0 ? rejects.path : null,
    orphans,
  }
}
