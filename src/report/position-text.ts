import type { Position } from '#domain/backup/position'

/** "binary log binlog.000001:1234, GTID set 0-1-5" */
export function positionText({ file, offset, gtidSet }: Position): string {
  if (file === null) return 'no binary log position'
  return `binary log ${file}:${offset}${gtidSet ? `, GTID set ${gtidSet}` : ''}`
}
