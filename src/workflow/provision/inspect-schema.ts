import { migrationDrift, objectDrift } from '#domain/schema/drift'
import { findObject, type LiveSchema } from '#domain/schema/live-schema'
import type { Migration } from '#domain/schema/migration'
import {
  type JournalEntry,
  type PendingMigration,
  pendingMigrations,
  type VersionState,
  versionStates,
} from '#domain/schema/provision-plan'
import { type AccountNaming, definerName } from '#domain/schema/service-accounts'
import {
  type Finding,
  findStage,
  type StageFound,
  strangeIndexes,
  unknownParts,
} from '#domain/schema/shop-shape'
import type { Engine } from '#engine/engine'
import type { RecordedSchema } from '#engine/provisioner'
import { quoteIdentifier } from '#engine/quote'
import type { Session } from '#engine/session'

/** What is there, what is left to do, and what is in the way. Nothing is changed. */
export interface SchemaInspection {
  live: LiveSchema
  stage: StageFound | null
  versions: readonly VersionState[]
  pending: readonly PendingMigration[]
  findings: readonly Finding[]
  setAside: number
}

export async function inspectSchema(
  { provisioner }: Engine,
  session: Session,
  schema: string,
  naming: AccountNaming,
): Promise<SchemaInspection> {
  const live = await provisioner.observe(session, schema)
  const journal = await provisioner.readJournal(session, schema)
  const recorded = await provisioner.readRecorded(session, schema)
  const migrations = await provisioner.migrations()
  const pending = pendingMigrations(migrations, journal, live, definerName(naming), quoteIdentifier)
  return {
    live,
    stage: journal.length === 0 ? findStage(live) : null,
    versions: versionStates(migrations, journal),
    pending,
    findings: findingsOf(migrations, journal, recorded, pending, live),
    setAside: await provisioner.countSetAside(session, schema),
  }
}

function findingsOf(
  migrations: readonly Migration[],
  journal: readonly JournalEntry[],
  recorded: RecordedSchema,
  pending: readonly PendingMigration[],
  live: LiveSchema,
): Finding[] {
  const edited = migrationDrift(migrations, journal)
  // In the middle of the migrations the schema is neither as it was nor as it will be.
  const settled = recorded.version !== null && recorded.version === journal.at(-1)?.version
  if (settled) return [...edited, ...objectDrift(recorded.objects, live.objects)]
  if (pending.length === 0) return edited
  const own = (name: string): boolean =>
    findObject(live.objects, 'table', name)?.comment.startsWith('ecomdb: ') ?? false
  return [...edited, ...unknownParts(live), ...strangeIndexes(live, own)]
}

/**
 * Runs the checks of what is left to do: each counts rows that a migration could not keep.
 *
 * @returns a finding for every count that is not 0
 */
export async function runChecks(
  { provisioner }: Engine,
  session: Session,
  pending: readonly PendingMigration[],
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const check of pending.flatMap(({ checks }) => checks)) {
    const rows = await provisioner.runCheck(session, check)
    if (rows === 0) continue
    findings.push({
      object: `migration ${check.version} ${check.name}`,
      difference: `there are ${rows} ${check.what}`,
      hint: `correct these rows, then try again; they are counted by: ${check.sql.replaceAll(/\s+/g, ' ')}`,
    })
  }
  return findings
}
