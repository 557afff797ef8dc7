import type { OpenGrant, OpenGrants } from '#domain/access/open-grants'
import { alignColumns } from './align-columns.ts'

/** `ecomdb access grants` for people. */
export function grantsText({ grants, overdue, breakGlass, deadMan }: OpenGrants): string {
  if (grants.length === 0) return 'nobody holds a role by a grant'
  const rows = grants.map(one => [one.person, one.role, untilText(one), whyText(one)])
  const table = alignColumns(
    [['PERSON', 'ROLE', 'UNTIL (UTC)', 'WHY'], ...rows],
    ['left', 'left', 'left', 'left'],
  )
  const enforced =
    deadMan.installed && deadMan.scheduler
      ? 'ends are enforced by the server too'
      : 'ends are enforced by `ecomdb access expire` alone'
  return [
    table,
    '',
    enforced,
    ...(breakGlass > 0 ? [`look at: ${breakGlass} by break-glass, which nobody approved`] : []),
    ...(overdue > 0
      ? [`look at: ${overdue} are over and not ended: \`ecomdb access expire\``]
      : []),
  ].join('\n')
}

function whyText({ reason, breakGlass }: OpenGrant): string {
  return breakGlass ? `BREAK-GLASS: ${reason}` : reason
}

function untilText({ endsAt, overdue }: OpenGrant): string {
  if (endsAt === null) return 'no end'
  return `${endsAt.slice(0, 16).replace('T', ' ')}${overdue ? ' OVER' : ''}`
}
