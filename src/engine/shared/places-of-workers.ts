import type { SourcePosition } from '#domain/backup/position'
import type { Session } from '../session.ts'
import { unlessRefused } from './logical/unless-refused.ts'
import { readSettings } from './server-settings.ts'

interface WorkerPlace {
  channel: string
  file: string
  offset: number
}

/** Do the threads of a MySQL replica commit in the source's order, so that the last place has all before it? */
export async function commitsInOrder(session: Session): Promise<boolean> {
  const settings = await readSettings(session, [
    'replica_preserve_commit_order',
    'slave_preserve_commit_order',
  ])
  return Object.values(settings).includes('ON')
}

/**
 * MySQL's replica with several threads writes how far it has come with each transaction of a thread, and of all only
 * from time to time: its rows were 24 transactions ahead of the place that it names (9.7 with four threads, measured),
 * and whoever goes on from there applies them twice. Where they commit in order the furthest thread tells it
 * exactly; else, where they differ, no place does.
 *
 * @param ask where the rows are as they are copied: a snapshot, or a server on the files
 * @param ordered see commitsInOrder, of the replica
 */
export async function withPlacesOfWorkers(
  ask: (sql: string) => Promise<readonly (readonly unknown[])[]>,
  sources: readonly SourcePosition[],
  ordered: boolean,
): Promise<SourcePosition[]> {
  const rows = await unlessRefused(
    ask(
      "SELECT Channel_name, Master_log_name, Master_log_pos FROM mysql.slave_worker_info WHERE Master_log_name <> ''",
    ),
  )
  const places = (rows ?? []).map(([channel, file, offset]) => ({
    ...{ channel: String(channel), file: String(file), offset: Number(offset) },
  }))
  return sources.map(source => {
    const { channel, file, offset } = source
    if (file === null || offset === null) return source
    const own = { channel, file, offset }
    const furthest = places.filter(one => one.channel === channel).reduce(later, own)
    if (furthest === own) return source
    return ordered ? { ...source, ...furthest } : { ...source, file: null, offset: null }
  })
}

/** Files of one log have rising numbers, with zeros before them to the sixth digit. */
function later(a: WorkerPlace, b: WorkerPlace): WorkerPlace {
  const [ofA, ofB] = [numberOf(a), numberOf(b)]
  return ofB > ofA || (ofB === ofA && b.offset > a.offset) ? b : a
}

const numberOf = ({ file }: WorkerPlace): number => Number(/\.(\d+)$/.exec(file)?.[1] ?? 0)
