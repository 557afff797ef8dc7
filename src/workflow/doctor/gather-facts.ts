import type { Config } from '#config/config'
import { replacedRecipients } from '#config/replaced-recipients'
import type { Clock } from '#core/clock'
import { diskSpace } from '#core/disk-space'
import { EcomdbError, messageOf } from '#core/errors'
import { stateFolder } from '#core/paths'
import { wrongRecipient } from '#crypto/age-file'
import { readSigningKey } from '#crypto/key-files'
import { ENGINE_FAMILIES, type EngineFamily } from '#domain/engine-family'
import type { TargetPlace } from '#domain/target-place'
import type { Engine } from '#engine/engine'
import type { ConnectOptions } from '#engine/session'
import { openRepository } from '#repository/repository'
import type { Target } from '#target/target'
import { doesListen, whyNotTrusted } from '../broker/socket-trust.ts'
import { readCopyNotes } from '../copy/copy-notes.ts'
import type { DoctorFacts, Known } from './facts.ts'
import { gatherKeyFiles, gatherPrivateKeys, gatherSealingKeys } from './gather-keys.ts'
import { gatherOperators } from './gather-operators.ts'
import { gatherTools } from './gather-tools.ts'

/** What the doctor reaches the world through. */
export interface DoctorPorts {
  config(): Promise<Config>
  connectOptions(config: Config): Promise<ConnectOptions>
  engineFor(family: EngineFamily): Promise<Engine>
  openTarget(place: TargetPlace): Promise<Target>
  clock: Clock
}

/** Looks at everything, and goes on past what fails: that is what the checks report. */
export async function gatherFacts(ports: DoctorPorts): Promise<DoctorFacts> {
  const config = await known(() => ports.config())
  const values = config && 'fact' in config ? config.fact : null
  const server =
    values && needsServer(values) ? await known(() => gatherServer(values, ports)) : null
  const family = server && 'fact' in server ? server.fact.family : configuredFamily(values)
  const { signingKeyFile } = values?.keys ?? {}
  const signer = signingKeyFile
    ? await readSigningKey(signingKeyFile).then(
        key => key.signer,
        () => null,
      )
    : null
  const folder = stateFolder()
  const target = values?.target.place
    ? await gatherTarget(values, values.target.place, ports)
    : null
  return {
    config,
    server,
    target,
    copies: values ? await gatherCopies(values, target) : [],
    broker: values ? await gatherBroker(values) : null,
    operators: values ? await gatherOperators(values) : null,
    now: ports.clock.now(),
    tools: await gatherTools(family, ports.engineFor),
    keyFiles: values ? await gatherKeyFiles(values) : [],
    signer,
    sealingKeys: values ? await gatherSealingKeys(values) : [],
    privateKeys: values ? await gatherPrivateKeys(values) : [],
    wrongRecipient: values ? await wrongRecipient(values.keys.recipients) : null,
    replacedRecipients: values ? replacedRecipients(values.file, values.keys.recipients) : [],
    state: { folder, space: await diskSpace(folder) },
  }
}

/** A vault or drill host works on the repository; the default server of this host is none of it. */
function needsServer({ runsOn, server }: Config): boolean {
  const isNamed = server.socketPath !== undefined || server.host !== undefined
  return isNamed || server.port !== undefined || runsOn === 'all' || runsOn === 'database'
}

function configuredFamily(config: Config | null): readonly EngineFamily[] | EngineFamily {
  const engine = config?.server.engine ?? 'auto'
  return engine === 'auto' ? ENGINE_FAMILIES : engine
}

async function gatherServer(config: Config, ports: DoctorPorts) {
  const connect = await ports.connectOptions(config)
  const asker = await ports.engineFor('mariadb')
  const session = await asker.connect({ ...connect, database: undefined })
  try {
    const { family } = session.flavor
    const wanted = config.server.engine
    if (wanted !== 'auto' && wanted !== family) {
      throw new EcomdbError('CONFIG_INVALID', {
        what: `the server is ${session.flavor}, and not ${wanted}`,
        hints: ['correct server.engine in ecomdb.yaml, or leave it out'],
      })
    }
    const engine = await ports.engineFor(family)
    const before = ports.clock.now().getTime()
    const facts = await engine.serverInspector.inspect(session, config.server.database)
    const after = ports.clock.now().getTime()
    const place = connect.socketPath ?? `${connect.host ?? '127.0.0.1'}:${connect.port ?? 3306}`
    return { ...facts, family, place, skewMs: skew(facts.now.getTime(), before, after) }
  } finally {
    await session.close()
  }
}

/** How far a clock that answered between two looks at ours is off; 0 when it may be right. */
function skew(theirs: number, before: number, after: number): number {
  if (theirs > after) return theirs - after
  if (theirs < before) return theirs - before
  return 0
}

async function gatherTarget(
  { runsOn }: Config,
  place: TargetPlace,
  ports: DoctorPorts,
): Promise<DoctorFacts['target']> {
  return await known(async () => {
    const target = await ports.openTarget(place)
    const facts = await target.inspect(runsOn === 'database')
    const repository = await known(() => openRepository(target))
    const lock = target.lock ? { mode: target.lock.mode, days: target.lock.days } : null
    return { ...facts, label: target.label, lock, repository }
  })
}

async function gatherBroker({ broker }: Config): Promise<DoctorFacts['broker']> {
  const { socketPath } = broker
  if (socketPath === null) return null
  const found = await whyNotTrusted(socketPath)
  const listens = found === null && (await doesListen(socketPath))
  return { socketPath, distrust: found && !found.missing ? found.why : null, listens }
}

/** By this host's own notes: the doctor mounts nothing and waits for no disk. */
async function gatherCopies(
  { copies }: Config,
  target: DoctorFacts['target'],
): Promise<DoctorFacts['copies']> {
  const repository = target && 'fact' in target ? target.fact.repository : null
  const notes =
    repository && 'fact' in repository
      ? [...(await readCopyNotes(repository.fact.id)).values()]
      : []
  return copies.map(({ name, maxAgeMs }) => {
    const seen = notes.filter(note => note.name === name).map(note => note.lastSeenAt)
    return { name, maxAgeMs, lastSeenAt: seen.sort().at(-1) ?? null }
  })
}

/** @throws what is a bug and no finding */
async function known<Fact>(look: () => Promise<Fact>): Promise<Known<Fact>> {
  try {
    return { fact: await look() }
  } catch (error) {
    if (error instanceof EcomdbError) return { error }
    throw new Error(`the doctor stumbled: ${messageOf(error)}`, { cause: error })
  }
}
