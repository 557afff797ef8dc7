import { createHash } from 'node:crypto'
import type { Progress } from '#core/progress'
import { countOf, formatCount } from '#core/units'
import { type Check, checkOf } from '#domain/backup/check'
import { compareCatalog } from '#domain/backup/compare-catalog'
import type { ExpectedChanges } from '#domain/backup/expected-changes'
import type {
  ChunkEntry,
  Manifest,
  ProbeEntry,
  ProgramEntry,
  TableEntry,
} from '#domain/backup/manifest'
import { folded, wordsOf } from '#domain/backup/other-servers'
import { addRowSums, formatRowSum } from '#domain/backup/row-sum'
import { notAsked, programsThatSet, readingSets, viewsThatSet } from '#domain/backup/views-that-set'
import type { Engine } from '#engine/engine'
import type { RowReader } from '#engine/logical-reader'
import type { SilentView } from '#engine/logical-writer'
import { wouldWrite } from '#engine/server-error'
import type { ConnectOptions, Session } from '#engine/session'

export interface ProofOptions {
  engine: Engine
  connect: ConnectOptions
  manifest: Manifest
  /** Reading connections. */
  readers: number
  changes: ExpectedChanges
}

/**
 * Reads a restored server back and compares it with the manifest: every chunk's rows and
 * hash, every definition, account and grant, each view's answer, each probe. Writes nothing.
 */
export async function proveContent(options: ProofOptions, progress: Progress): Promise<Check[]> {
  const session = await options.engine.connect({ ...options.connect, database: undefined })
  try {
    const rows = await proveRows(options, progress)
    progress.stage('comparing definitions')
    const { databases } = options.changes
    const names = databases ?? options.manifest.databases.map(({ name }) => name)
    const catalog = await options.engine.logicalReader.readCatalog(session, names)
    return [
      ...rows,
      ...compareCatalog(options.manifest, catalog, options.changes),
      await proveViews(options, session),
      await proveProbes(options, session),
    ]
  } finally {
    await session.close()
  }
}

/** What reading one chunk back found; `problem` is null when all is as it was. */
interface ChunkResult {
  table: TableEntry
  rows: number
  problem: string | null
}

async function proveRows(options: ProofOptions, progress: Progress): Promise<Check[]> {
  const { manifest, changes, engine } = options
  const { databases, notInFiles = [] } = changes
  const tables = manifest.tables.filter(
    ({ schema, name }) =>
      (databases?.includes(schema) ?? true) &&
      !notInFiles.some(one => one.schema === schema && one.name === name),
  )
  const bytes = tables.flatMap(({ chunks }) => chunks).reduce((sum, chunk) => sum + chunk.bytes, 0)
  progress.stage('reading rows back')
  progress.total({ bytes, items: tables.reduce((sum, { rows }) => sum + rows, 0) })
  const reader = await engine.logicalReader.openQuiet({
    connect: { ...options.connect, database: undefined },
    readers: options.readers,
  })
  try {
    const results = await readAll(reader, tables, progress)
    return [countCheck(tables, results), hashCheck(tables, results)]
  } finally {
    await reader.close()
  }
}

async function readAll(
  reader: RowReader,
  tables: readonly TableEntry[],
  progress: Progress,
): Promise<ChunkResult[]> {
  const waiting = tables
    .flatMap(table => table.chunks.map((chunk, place) => ({ table, chunk, place })))
    .sort((a, b) => b.chunk.bytes - a.chunk.bytes)
  const results: ChunkResult[] = []
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { table, chunk, place } = next
      results.push(await readBack(reader, table, chunk, place, progress))
    }
  }
  const ended = await Promise.allSettled(
    Array.from({ length: reader.readers }, () => lane().finally(() => waiting.splice(0))),
  )
  for (const one of ended) if (one.status === 'rejected') throw one.reason
  return results
}

async function readBack(
  reader: RowReader,
  table: TableEntry,
  chunk: ChunkEntry,
  place: number,
  progress: Progress,
): Promise<ChunkResult> {
  const hash = createHash('sha256')
  let sum = 0n
  let rows = 0
  for await (const block of reader.readChunk(table, { from: chunk.from, to: chunk.to })) {
    if (chunk.hash.kind === 'ordered') hash.update(block.bytes)
    else sum = addRowSums(sum, block.rowSum ?? 0n)
    rows += block.rows
    progress.advance({ bytes: block.bytes.length, items: block.rows })
    block.release()
  }
  const value = chunk.hash.kind === 'ordered' ? hash.digest('hex') : formatRowSum(sum)
  const label = `table \`${table.schema}\`.\`${table.name}\`, chunk ${place + 1} of ${table.chunks.length} (${rangeOf(table, chunk)})`
  if (rows !== chunk.rows) {
    const problem = `${label}: ${formatCount(chunk.rows)} rows were backed up and ${formatCount(rows)} are here`
    return { table, rows, problem }
  }
  const problem = value === chunk.hash.value ? null : `${label}: the rows are not the same`
  return { table, rows, problem }
}

function rangeOf(table: TableEntry, { from, to }: ChunkEntry): string {
  const key = table.key?.columns[0]
  if (key === undefined || (from === null && to === null)) return 'all rows'
  return [from === null ? '' : `${from} <= `, `\`${key}\``, to === null ? '' : ` < ${to}`].join('')
}

function countCheck(tables: readonly TableEntry[], results: readonly ChunkResult[]): Check {
  const counted = new Map<TableEntry, number>()
  for (const { table, rows } of results) counted.set(table, (counted.get(table) ?? 0) + rows)
  const differences = tables.flatMap(table => {
    const rows = counted.get(table) ?? 0
    return rows === table.rows
      ? []
      : [
          `table \`${table.schema}\`.\`${table.name}\`: ${formatCount(table.rows)} rows were backed up and ${formatCount(rows)} are here`,
        ]
  })
  const total = tables.reduce((sum, { rows }) => sum + rows, 0)
  return checkOf(
    'rows',
    `${countOf(total, 'row')} in ${countOf(tables.length, 'table')}`,
    differences,
  )
}

function hashCheck(tables: readonly TableEntry[], results: readonly ChunkResult[]): Check {
  const chunks = tables.reduce((sum, table) => sum + table.chunks.length, 0)
  const missing = chunks - results.length
  const differences = [
    ...results.flatMap(({ problem }) => problem ?? []),
    ...(missing > 0 ? [`${missing} chunks were not read back`] : []),
  ]
  const found = differences.length === 0 ? ', every one with its hash' : ' and compared by hash'
  return checkOf('content', `${countOf(chunks, 'chunk')} read back${found}`, differences)
}

async function proveViews(
  { engine, manifest, changes }: ProofOptions,
  session: Session,
): Promise<Check> {
  const views = manifest.programs.filter(
    ({ kind, schema }) => kind === 'view' && (changes.databases?.includes(schema) ?? true),
  )
  const setting = viewsThatSet(manifest.programs)
  const asked = views.filter(view => !setting.includes(view))
  const silent = await engine.logicalWriter.askViews(session, asked)
  const wasInvalid = (view: { schema: string; name: string }): boolean =>
    views.some(
      ({ schema, name, invalid }) =>
        schema === view.schema && name === view.name && invalid !== undefined,
    )
  const left = silent.filter(wasInvalid).map(({ schema, name }) => `\`${schema}\`.\`${name}\``)
  const invalid = left.length ? `; not ${left.join(', ')}, invalid on the source too` : ''
  const others = silent.filter(view => !wasInvalid(view))
  const besides = `${invalid}${notAsked(views.filter(view => setting.includes(view)))}`
  return answersCheck(asked.length - left.length, others, besides)
}

/**
 * What views answer. One that opens and whose rows the server refuses (a division by zero, a subquery
 * with more than one row) is no difference: text and rows were compared, and it is so where they come from.
 *
 * @param silent those that gave no row
 * @param besides to be said as well
 */
export function answersCheck(asked: number, silent: readonly SilentView[], besides = ''): Check {
  const named = ({ schema, name }: SilentView): string => `\`${schema}\`.\`${name}\``
  const differences = silent
    .filter(({ opens }) => !opens)
    .map(view => `view ${named(view)} does not answer: ${view.error}`)
  const refused = silent
    .filter(({ opens }) => opens)
    .map(view =>
      view.writes
        ? `; ${named(view)} opens, and was asked for no row, since that would write`
        : `; ${named(view)} opens, and its rows make the server refuse: ${view.error}`,
    )
  const answering = asked - refused.length
  const found = differences.length > 0 ? 'asked for a row' : answering === 1 ? 'answers' : 'answer'
  const text = `${countOf(answering, 'view')} ${found}${besides}${refused.join('')}`
  return checkOf('answers', text, differences)
}

async function proveProbes(
  { engine, manifest, changes }: ProofOptions,
  session: Session,
): Promise<Check> {
  const probes = manifest.probes.filter(({ schema }) => changes.databases?.includes(schema) ?? true)
  if (probes.length === 0) {
    const summary = 'the snapshot has no probes'
    return { name: 'probes', outcome: 'unchecked', summary, differences: [] }
  }
  const differences: string[] = []
  const isSetting = settingProbe(manifest)
  const writing = probes.filter(isSetting).map(({ name }) => name)
  let others = 0
  for (const probe of probes.filter(one => !isSetting(one))) {
    const answer = await engine.logicalReader
      .answerProbe(session, probe, manifest.settings)
      .catch((error: unknown) => {
        if (wouldWrite(error)) writing.push(probe.name)
        return `(${String(error)})`
      })
    if (answer !== probe.answer && !writing.includes(probe.name)) {
      const isComputed = engine.logicalReader.asksForComputed(probe)
      const why = isComputed ? `: ${COMPUTED}` : ''
      others += isComputed ? 0 : 1
      differences.push(
        `${probe.name} answered ${quoted(probe.answer)} then and ${quoted(answer)} now${why}`,
      )
    }
  }
  if (writing.length === probes.length) {
    const summary = `none was asked: ${writing.join(', ')} would write, or set a variable of the server`
    return { name: 'probes', outcome: 'unchecked', summary, differences: [] }
  }
  const found = differences.length === 0 ? 'with the same answer' : 'asked again'
  const asked = countOf(probes.length - writing.length, 'probe')
  const left =
    writing.length === 0
      ? ''
      : `; not ${writing.join(', ')}, which would write, or set a variable of the server`
  const check = checkOf('probes', `${asked} ${found}${left}`, differences)
  return differences.length > 0 && others === 0 ? { ...check, hints: [COMPUTED_HINT] } : check
}

/** One of them calls a procedure, which may do what nothing does that a query reads. */
export function settingProbe({
  programs,
}: Pick<Manifest, 'programs'>): (probe: Pick<ProbeEntry, 'sql'>) => boolean {
  const namesOf = (setting: readonly ProgramEntry[]): Set<string> =>
    new Set(setting.map(({ name }) => folded(name)))
  const called = namesOf(programsThatSet(programs))
  const read = namesOf(readingSets(programs))
  return ({ sql }) => {
    const setting = sql.startsWith('CALL ') ? called : read
    return wordsOf(sql).some(name => setting.has(name))
  }
}

const COMPUTED =
  'these STORED generated columns depend on a setting of the session that wrote the row (time_zone, div_precision_increment, lc_time_names, sql_mode, …), and the server has computed them anew of the same rows'
const COMPUTED_HINT =
  'the snapshot is not damaged: all other columns were compared by their hashes, and are there. Where programs set a time zone of their own, set server.time_zone in ecomdb.yaml to it, and restore or drill again; else make the expressions independent of settings (CAST, ROUND) on the source, and back up again; a snapshot of files (`ecomdb backup physical`) has the values as they were'

function quoted(answer: string): string {
  return JSON.stringify(answer.length > 60 ? `${answer.slice(0, 60)}…` : answer)
}
