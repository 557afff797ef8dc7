import { isPart } from '#domain/backup/envelope'
import type { RestorePlan } from '#domain/backup/restore-plan'
import type { LogicalWriter, RestoreTarget } from '#engine/logical-writer'
import type { Session } from '#engine/session'
import { letterFindings } from './letter-findings.ts'
import type { OpenedSnapshot } from './open-snapshot.ts'
import { patternFindings } from './pattern-findings.ts'
import { reachFindings } from './reaches-of-others.ts'
import type { RestoreOptions } from './restore-options.ts'
import { roleFindings } from './role-findings.ts'
import { searchFindings } from './search-findings.ts'
import { superFindings } from './super-findings.ts'
import { zoneFindings } from './time-zones.ts'
import { weakerDefiners, weakerFindings } from './weaker-definers.ts'

/** What will not be as it was, as far as the snapshot and the server tell before anything is made. */
export async function findingsAhead(
  { writer, session }: { writer: LogicalWriter; session: Session },
  { target, plan }: { target: RestoreTarget; plan: RestorePlan },
  { envelope, manifest }: Pick<OpenedSnapshot, 'envelope' | 'manifest'>,
  options: RestoreOptions,
): Promise<{ findings: string[]; notes: string[] }> {
  const databases = databasesOf(options)
  const isWanted = (schema: string): boolean => databases?.includes(schema) ?? true
  // A copy beside the live database has its own notes, and a drill's server never has what is not in the snapshot.
  const isAll = databases === undefined && !options.inside
  const isSome = databases !== undefined || isPart(envelope)
  const reaches =
    isSome && options.into === undefined && !options.inside
      ? await reachFindings(writer, session, target, manifest, isWanted)
      : { findings: [], notes: [] }
  return {
    findings: [
      ...zoneFindings(target, manifest, isWanted),
      ...patternFindings(target, manifest, plan.makes),
      // Of some databases nobody has SUPER: that is among what is lost.
      ...(databases === undefined ? superFindings(target, manifest, plan.makes) : []),
      ...(isAll ? roleFindings(target, manifest) : []),
      ...(options.inside ? [] : searchFindings(target, manifest, isWanted)),
      ...letterFindings(target, manifest, isWanted),
      ...weakerFindings(weakerDefiners(manifest, databases, plan)),
      ...reaches.findings,
    ],
    notes: reaches.notes,
  }
}

/** The databases that are made, where they are not all of the snapshot's. */
export function databasesOf({ databases, into }: RestoreOptions): readonly string[] | undefined {
  return into === undefined ? databases : [into]
}
