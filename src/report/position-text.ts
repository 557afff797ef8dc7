import type { Position, SourcePosition } from '#domain/backup/position'

/** "binary log binlog.000001:1234, GTID set 0-1-5" */
export function positionText({ file, offset, gtidSet }: Position): string {
  if (file === null) return 'no binary log position'
  return `binary log ${file}:${offset}${gtidSet ? `, GTID set ${gtidSet}` : ''}`
}

/** "source db1:3306 binlog.000004:157, GTID set 0-1-5", of a replica's snapshot: a line each. */
export function sourceLines({ sources = [] }: Position): string[] {
  return sources.map(({ channel, host, port, file, offset, gtidSet }: SourcePosition) => {
    const place = file === null ? '' : ` ${file}:${offset}`
    const name = channel === '' ? '' : ` (${channel})`
    return `source ${host}:${port}${name}${place}${gtidSet ? `, GTID set ${gtidSet}` : ''}`
  })
}
