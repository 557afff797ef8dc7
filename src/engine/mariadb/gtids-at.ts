import type { Position } from '#domain/backup/position'
import type { Session } from '../session.ts'
import { unlessRefused } from '../shared/logical/unless-refused.ts'

interface Gtid {
  domain: string
  server: string
  number: bigint
}

/**
 * What mariadb-backup noted of a server's GTIDs, with those of its log up to the place that it noted, too. A replica
 * counts in gtid_slave_pos what it has applied only some time after the commit: under BACKUP STAGE BLOCK_COMMIT it
 * was two transactions behind the rows and the log (10.11 with four parallel threads, measured), and whoever goes on
 * from there applies them twice.
 *
 * Where the replica was behind, so is the place in its source's log, which is then not known.
 */
export async function withGtidsOfLog(session: Session, position: Position): Promise<Position> {
  const { file, offset } = position
  if (file === null || offset === null) return position
  const inLog = await unlessRefused(session.value('SELECT BINLOG_GTID_POS(?, ?)', [file, offset]))
  if (!inLog) return position
  const own = (await session.value('SELECT @@server_id')) ?? ''
  const sources = position.sources?.map(source => {
    const gtidSet = laterOf(source.gtidSet, replicated(inLog, source.gtidSet, own))
    if (gtidSet === source.gtidSet) return source
    return { ...source, file: null, offset: null, gtidSet }
  })
  const gtidSet = laterOf(position.gtidSet, inLog)
  return { ...position, gtidSet, ...(sources ? { sources } : {}) }
}

/** Of a log, what came from a source: other servers' transactions, of domains that the replica has of one. */
function replicated(inLog: string, slavePos: string, own: string): string {
  const domains = new Set(parse(slavePos).map(({ domain }) => domain))
  return textOf(parse(inLog).filter(one => domains.has(one.domain) && one.server !== own))
}

/** Of each domain the later one: `0-1-5,1-1-2` and `0-1-7` give `0-1-7,1-1-2`. */
export function laterOf(set: string, other: string): string {
  const last = new Map<string, Gtid>()
  for (const one of [...parse(set), ...parse(other)]) {
    const before = last.get(one.domain)
    if (!before || one.number > before.number) last.set(one.domain, one)
  }
  return textOf([...last.values()])
}

function parse(set: string): Gtid[] {
  return [...set.matchAll(/(\d+)-(\d+)-(\d+)/g)].map(
    ([, domain = '', server = '', number = '0']) => ({ domain, server, number: BigInt(number) }),
  )
}

const textOf = (gtids: readonly Gtid[]): string =>
  gtids.map(({ domain, server, number }) => `${domain}-${server}-${number}`).join(',')
