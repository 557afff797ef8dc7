import type { EngineFamily } from '#domain/engine-family'
import { Random } from '#domain/sample/random'
import { BareSession } from './bare-session.ts'
import { ReplayPlace } from './place.ts'
import { BEFORE_PROBES, drawProbes, type Probe } from './probes/probe.ts'
import { PROBE_SETTINGS } from './settings.ts'

const PROBES_PER_CASE = 10

/** Ten groups of the list under the odd settings of a source, restored under those of a target. */
export async function runProbes(
  family: EngineFamily,
  folder: string,
  seed: number,
): Promise<string> {
  const probes = drawProbes(family, new Random(seed), PROBES_PER_CASE)
  const { source, target } = PROBE_SETTINGS[family]
  const place = await ReplayPlace.make(family, folder, source, BEFORE_PROBES[family])
  const names = probes.map(({ name }) => name).join(', ')
  try {
    await place.backUp()
    for (const probe of probes) await give(place, probe)
    const moment = await place.moment(await place.gtid())
    await place.archive()
    return `${await place.restore(moment, target)}: ${names}`
  } catch (error) {
    throw new Error(`after the probes ${names}: ${String(error)}`, { cause: error })
  } finally {
    await place.remove()
  }
}

async function give(place: ReplayPlace, { statements }: Probe): Promise<void> {
  const session = await BareSession.open(place.socketPath)
  await session.run('USE shop')
  for (const statement of statements) {
    const text = statement.replaceAll('{file}', place.loadedFile)
    const [as, user, password] = /^AS (\w+)(?::(\w+))? /.exec(text) ?? []
    const given = as
      ? giveAs(place, user ?? '', password ?? '', text.slice(as.length).split(';;'))
      : session.run(text)
    // What a version refuses is not in its log either.
    await given.catch(() => {})
  }
  await session.close()
}

async function giveAs(
  place: ReplayPlace,
  user: string,
  password: string,
  statements: readonly string[],
): Promise<void> {
  const session = await BareSession.open(place.socketPath, user, password)
  try {
    // An account may have no privilege there.
    await session.run('USE shop').catch(() => {})
    for (const statement of statements) await session.run(statement)
  } finally {
    await session.close()
  }
}
