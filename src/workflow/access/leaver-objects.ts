import { EcomdbError } from '#core/errors'
import type { DefinerObject } from '#domain/access/definer-object'
import { type Draft, type Leaver, step } from './leaver.ts'

/** Their events, in one statement each. Without the right to, the rest goes on: a kill is due. */
export async function disableTheirEvents(leaver: Leaver, report: Draft): Promise<void> {
  const { options, place, session } = leaver
  const { definerObjects, leavers } = place.engine
  const all = await withoutOurs(leaver, await definerObjects.list(session, report.accounts))
  const events = all.filter(({ kind }) => kind === 'event')
  if (events.length === 0) return
  try {
    await leavers.ensureDefiner(session, options.definer)
    await giveRights(leaver, report, events)
    const done = await definerObjects.disableEvents(session, events, options.definer)
    for (const { failed, ...event } of done) {
      report.objects.push({
        ...event,
        outcome: failed === null ? 'disabled' : 'failed',
        why: failed,
      })
    }
    tellFailures(report, done)
  } catch (error) {
    // moveObjects meets the same events again, and then it counts.
    if (!(error instanceof EcomdbError) || error.code !== 'PRIVILEGE_MISSING') throw error
  }
}

/**
 * The dead-man runs as whoever installed it. It is made again by who does this, and not given to
 * an account that may not kill.
 */
async function withoutOurs(
  { place, session }: Leaver,
  objects: readonly DefinerObject[],
): Promise<DefinerObject[]> {
  const { accessCatalog, leases } = place.engine
  const store = accessCatalog.storeName(session, 'access')
  const theirs = objects.filter(({ schema }) => schema !== store)
  if (theirs.length < objects.length) await leases.installDeadMan(session)
  return theirs
}

/** Everything that runs as the person. */
export async function moveObjects(leaver: Leaver, report: Draft): Promise<void> {
  const { options, place, session } = leaver
  const { definerObjects, leavers } = place.engine
  await step(leaver, report, 'definer objects', async () => {
    const objects = await definerObjects.list(session, report.accounts)
    const seen = report.objects.filter(({ outcome }) => outcome === 'failed')
    const rest = objects.filter(({ kind, schema, name }) =>
      seen.every(one => one.kind !== kind || one.schema !== schema || one.name !== name),
    )
    if (rest.length > 0) {
      await leavers.ensureDefiner(session, options.definer)
      await giveRights(leaver, report, rest)
    }
    const events = rest.filter(({ kind }) => kind === 'event')
    const done = [
      ...(await definerObjects.disableEvents(session, events, options.definer)),
      // Also without any: an earlier run may have died between DROP and CREATE.
      ...(await definerObjects.rehome(session, rest, options.definer)),
    ]
    for (const { failed, ...object } of done) {
      const moved = object.kind === 'event' ? 'disabled' : 'rehomed'
      report.objects.push({ ...object, outcome: failed === null ? moved : 'failed', why: failed })
    }
    tellFailures(report, done)
  })
}

async function giveRights(
  { options, place, session }: Leaver,
  report: Draft,
  objects: Parameters<Leaver['place']['engine']['definerObjects']['rights']>[1],
): Promise<void> {
  const { definerObjects } = place.engine
  for (const right of await definerObjects.rights(session, objects)) {
    const statement = definerObjects.rightStatement(right, options.definer)
    await session.run(statement)
    report.rights.push(statement)
  }
}

function tellFailures(
  report: Draft,
  done: readonly { kind: string; schema: string; name: string; failed: string | null }[],
): void {
  for (const { kind, schema, name, failed } of done) {
    if (failed === null) continue
    report.outstanding.push(
      `${kind} ${schema}.${name} still runs as the person, so the account stays, locked: ${failed}; repair or drop it, then repeat`,
    )
  }
}

/** For --dry-run: the same, unchanged. */
export async function planObjects(leaver: Leaver, report: Draft): Promise<void> {
  const { options, place, session } = leaver
  const { definerObjects, leavers, sessions, leases } = place.engine
  const objects = await definerObjects.list(session, report.accounts)
  report.objects = objects.map(object => ({ ...object, outcome: 'planned', why: null }))
  const rights = await definerObjects.rights(session, objects)
  report.rights = rights.map(right => definerObjects.rightStatement(right, options.definer))
  const { proxies, grantsMade } = await leavers.traces(session, report.accounts)
  report.proxiesEnded = [...proxies]
  report.grantsMade = [...grantsMade]
  const { open } = await sessions.list(session, report.accounts)
  report.servers = [
    {
      name: 'primary',
      unreachable: null,
      sessionsEnded: open.length,
      enteringEnded: 0,
      deadMs: null,
    },
  ]
  const active = (await leases.list(session, options.person)).filter(({ endedAt }) => !endedAt)
  report.leasesEnded = active.map(({ grantId, role }) => ({ grantId, role }))
  const found = report.accounts.filter(one => one.found)
  report.statements = [
    ...(found.length > 0 ? [leavers.lockStatement(found)] : []),
    ...found.map(account => leavers.dropStatement(account)),
  ]
}
