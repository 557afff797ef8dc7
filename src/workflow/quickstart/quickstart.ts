import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { backupKeys, type Config } from '#config/config'
import { loadConfig } from '#config/load-config'
import type { Clock } from '#core/clock'
import type { Progress } from '#core/progress'
import type { DrillReport } from '#domain/backup/drill-report'
import type { LogicalBackupReport } from '#domain/backup/logical-backup-report'
import type { EngineFamily } from '#domain/engine-family'
import type { OrdersReport } from '#domain/report/shop-report'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import type { ConnectOptions } from '#engine/session'
import type { Target } from '#target/target'
import { backUpLogically } from '../backup/back-up-logically.ts'
import { type InitPorts, initialize } from '../init/initialize.ts'
import { type LoadReport, loadFiles } from '../load-files.ts'
import { applyProvision } from '../provision/apply-provision.ts'
import { reportOrders } from '../report/report-orders.ts'
import { drillSnapshot } from '../restore/drill-snapshot.ts'
import { startSandbox } from '../sandbox/start-sandbox.ts'
import { type QuickstartData, quickstartFiles, quickstartPlace } from './quickstart-data.ts'

const DATABASE = 'shop'
/** The months before Christmas of the shop's first full year. */
const PERIOD = { from: '2013-11-01', to: '2013-12-31' }

export interface QuickstartOptions {
  engine: Engine
  engineFor(family: EngineFamily): Promise<Engine>
  data: QuickstartData
  init: InitPorts
  clock: Clock
}

export interface QuickstartReport {
  engine: EngineFamily
  serverVersion: string
  sandbox: string
  /** With ecomdb.yaml, keys/, repository/ and the drill's report. */
  folder: string
  configFile: string
  data: QuickstartData
  /** Migrations that this run has applied. */
  migrations: number
  load: LoadReport
  orders: OrdersReport
  backup: LogicalBackupReport
  drill: DrillReport
  durationMs: number
}

/**
 * `ecomdb quickstart`: the main job once, from nothing to a proved backup, on a private
 * server. A second run finds what the first one made, and changes nothing but that it makes
 * another snapshot, which stores only what is new, and another drill.
 */
export async function quickstart(
  options: QuickstartOptions,
  progress: Progress,
): Promise<QuickstartReport> {
  const { engine, data, clock } = options
  const startedMs = clock.monotonicMs()
  const { sandbox, folder } = quickstartPlace(engine.family, data)
  const server = await startSandbox({ engine, name: sandbox }, { tcp: true }, progress)
  const config = await configure(options, server, folder, progress)
  const connect = { ...server.administrator, database: DATABASE }
  const secretsFolder = join(folder, 'secrets')
  const { versions } = await applyProvision(engine, { connect, secretsFolder }, progress)
  const load = await loadData(options, connect, folder, progress)
  progress.stage('calling order_performance')
  const orders = await reportOrders({ engine, connect }, PERIOD)
  const target = await options.init.openTarget({ directory: join(folder, 'repository') })
  const backup = await backUp(options, config, connect, target, progress)
  const drill = await runDrill(options, config, target, backup.snapshotId, progress)
  return {
    engine: engine.family,
    serverVersion: server.version,
    sandbox,
    folder,
    configFile: join(folder, 'ecomdb.yaml'),
    data,
    migrations: versions.length,
    load,
    orders,
    backup,
    drill,
    durationMs: Math.round(clock.monotonicMs() - startedMs),
  }
}

/** Nothing of the user's own environment and configuration counts here. */
async function configure(
  { engine, init }: QuickstartOptions,
  { socketPath }: RunningServer,
  folder: string,
  progress: Progress,
): Promise<Config> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { configFile } = await initialize(
    {
      folder,
      runsOn: 'all',
      server: { engine: engine.family, socket: socketPath, user: 'root', database: DATABASE },
      serverNamed: false,
      password: null,
      target: { directory: join(folder, 'repository') },
      dryRun: false,
    },
    init,
    progress,
  )
  return await loadConfig({ file: configFile, environment: {} })
}

async function loadData(
  { engine, data, clock }: QuickstartOptions,
  connect: ConnectOptions,
  folder: string,
  progress: Progress,
): Promise<LoadReport> {
  const files = await quickstartFiles(data, folder, progress)
  const rejectsFile = join(folder, 'rejects.csv')
  // A run before this one has rejected the same rows.
  await rm(rejectsFile, { force: true })
  const options = { files, onConflict: 'reject', dryRun: false, rejectsFile } as const
  return await loadFiles(engine.loader, connect, options, { progress, clock })
}

async function backUp(
  { engine, clock }: QuickstartOptions,
  config: Config,
  connect: ConnectOptions,
  target: Target,
  progress: Progress,
): Promise<LogicalBackupReport> {
  const keys = backupKeys(config, text => progress.warn(text))
  const how = { databases: [DATABASE], readers: 2, waitSeconds: 60 }
  return await backUpLogically({ engine, connect, target, keys, ...how, clock }, progress)
}

async function runDrill(
  { engineFor, clock }: QuickstartOptions,
  { keys }: Config,
  target: Target,
  snapshot: string,
  progress: Progress,
): Promise<DrillReport> {
  const objectives = { rtoMs: null, rpoMs: null }
  const options = { snapshot, target, keys, engineFor, objectives, connections: 2, clock }
  return await drillSnapshot(options, progress)
}
