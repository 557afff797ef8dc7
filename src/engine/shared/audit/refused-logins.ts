import type { RefusedLogins } from '#domain/audit/login-watch'
import type { Session, SqlRow } from '../../session.ts'

/** ER_ACCESS_DENIED_ERROR, as the error log calls it when it names who was refused. */
const REFUSED_LOG_CODE = 'MY-010926'

/** What the server can tell of logins that it refused: MySQL more than MariaDB. */
export async function refusedLogins(session: Session): Promise<RefusedLogins> {
  const rows = await session.rows<SqlRow>(
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Uptime', 'Aborted_connects')",
  )
  const status = new Map(rows.map(row => [String(row['Variable_name']), Number(row['Value'])]))
  const now = Number(await session.value('SELECT UNIX_TIMESTAMP()'))
  const startedAt = now - (status.get('Uptime') ?? 0)
  const aborted = { source: 'Aborted_connects', count: status.get('Aborted_connects') ?? 0 }
  if (session.flavor.family === 'mariadb') return { ...aborted, startedAt, refusals: [] }
  const raised = await session
    .value(
      `SELECT SUM(sum_error_raised) FROM performance_schema.events_errors_summary_global_by_error
       WHERE error_number = 1045`,
    )
    .catch(() => null)
  const counted = raised === null ? aborted : { source: 'errors 1045', count: Number(raised) }
  return { ...counted, startedAt, refusals: await namedRefusals(session) }
}

/** From the error log; it has them where log_error_verbosity is 3. */
async function namedRefusals(session: Session): Promise<RefusedLogins['refusals']> {
  const rows = await session
    .rows<SqlRow>(
      `SELECT DATE_FORMAT(CONVERT_TZ(logged, @@session.time_zone, '+00:00'), '%Y-%m-%d %H:%i:%s.%f') AS at, data AS text
       FROM performance_schema.error_log WHERE error_code = ? ORDER BY logged DESC LIMIT 1000`,
      [REFUSED_LOG_CODE],
    )
    .catch(() => [])
  return rows.reverse().flatMap(row => {
    const [, user, host] = /user '(.*)'@'([^']*)'/.exec(String(row['text'])) ?? []
    return user === undefined ? [] : [{ at: String(row['at']), account: `${user}@${host}` }]
  })
}
