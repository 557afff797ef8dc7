import { fail, type HardeningCheck } from '../check.ts'
import { evidenceOf, isOn, judgeSettings, numberOf, variable } from '../variables.ts'

const WEEK = 7 * 86_400

export const binaryLog: HardeningCheck = {
  id: 'H22',
  title: 'the binary log has every change in full, safe on disk, and is cleared in time',
  why: 'it is what brings back the hours since the last backup, and what shows who changed a row',
  references: ['CIS 2.1.4'],
  severity: 'high',
  judge(facts) {
    if (!isOn(facts, 'log_bin')) {
      const lines = ['log_bin = binlog', 'server_id = 1', 'binlog_format = ROW', 'sync_binlog = 1']
      return fail([evidenceOf(facts, 'log_bin')], [{ kind: 'file', lines }])
    }
    const is = (name: string, value: string) => ({
      name,
      value,
      holds: variable(facts, name).toUpperCase() === value,
    })
    // Of the two names of MariaDB one follows the other.
    const seconds = 'binlog_expire_logs_seconds'
    const kept = facts.variables.has(seconds) ? numberOf(facts, seconds) : 0
    const days = numberOf(facts, 'expire_logs_days')
    const expires = { name: seconds, value: String(WEEK), holds: kept > 0 || days > 0 }
    return judgeSettings(facts, [
      is('binlog_format', 'ROW'),
      is('binlog_row_image', 'FULL'),
      is('sync_binlog', '1'),
      is('innodb_flush_log_at_trx_commit', '1'),
      expires,
    ])
  },
}
