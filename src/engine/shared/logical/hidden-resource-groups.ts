import type { Session } from '../../session.ts'
import { unlessRefused } from './unless-refused.ts'

/**
 * Resource groups that a backup lacks since its account does not see them. MySQL lists them for who has
 * the right to use them, and else none, without a word (reference manual, "The INFORMATION_SCHEMA
 * RESOURCE_GROUPS Table"; measured on 9.7). With RESOURCE_GROUP_USER those of the type SYSTEM are hidden
 * still; one that threads are in shows there.
 *
 * @returns findings, in words
 */
export async function hiddenResourceGroups(session: Session): Promise<string[]> {
  const rows = await session.rows<{ name: string }>(
    'SELECT RESOURCE_GROUP_NAME AS name FROM information_schema.RESOURCE_GROUPS',
  )
  const listed = new Set(rows.map(({ name }) => name))
  if (!listed.has('USR_default')) {
    return [
      'resource groups: not in this backup, since its account does not see them; it needs RESOURCE_GROUP_USER',
    ]
  }
  if (listed.has('SYS_default')) return []
  const used = await unlessRefused(
    session.rows<{ name: string | null }>(
      'SELECT DISTINCT RESOURCE_GROUP AS name FROM performance_schema.threads ORDER BY 1',
    ),
  )
  return (used ?? []).flatMap(({ name }) =>
    name === null || name === 'SYS_default' || listed.has(name)
      ? []
      : [
          `resource group ${name}: not in this backup, since its account does not see groups of TYPE = SYSTEM; it needs RESOURCE_GROUP_ADMIN`,
        ],
  )
}
