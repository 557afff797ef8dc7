import type { Position, SourcePosition } from '#domain/backup/position'
import type { Session } from '../session.ts'
import { unlessRefused } from './logical/unless-refused.ts'

interface Gtid {
  domain: string
  server: string
  number: bigint
}

/**
 * What mariadb-backup noted of a server's GTIDs, with those of its log up to the place that it noted, too: it notes
 * gtid_current_pos, see sourcesOfLog.
 */
export async function withGtidsOfLog(session: Session, position: Position): Promise<Position> {
  const { file, offset, sources } = position
  if (file === null || offset === null) return position
  const inLog = await unlessRefused(session.value('SELECT BINLOG_GTID_POS(?, ?)', [file, offset]))
  if (!inLog) return position
  const gtidSet = laterOf(position.gtidSet, inLog)
  const after = sources && (await sourcesOfLog(session, sources, inLog))
  return { ...position, gtidSet, ...(after ? { sources: after } : {}) }
}

/**
 * A MariaDB replica counts in gtid_slave_pos what it has applied only some time after the commit: also while nothing
 * may be committed (FLUSH TABLES WITH READ LOCK, BACKUP STAGE BLOCK_COMMIT) it was up to three transactions behind its
 * rows and its own log (10.11 with four parallel threads, measured), and whoever goes on from there applies them twice.
 * Where it was behind, so is the place in its source's log, which is then not known.
 *
 * @param inLog the last transaction of each domain in its own log, which has what it applied
 */
export async function sourcesOfLog(
  session: Session,
  sources: readonly SourcePosition[],
  inLog: string,
): Promise<SourcePosition[]> {
  const own = (await session.value('SELECT @@server_id')) ?? ''
  return sources.map(source => {
    const gtidSet = laterOf(source.gtidSet, replicated(inLog, source.gtidSet, own))
    if (gtidSet === source.gtidSet) return source
    return { ...source, file: null, offset: null, gtidSet }
  })
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
