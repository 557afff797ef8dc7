import type { DiskSpace } from '#core/disk-space'
import { formatBytes, MIB } from '#core/units'
import type { Check, Finding } from '../facts.ts'

/** Below this nothing can be relied on to work. */
const LEAST_BYTES = 256 * MIB

/** Is there room for the next backup, and for a drill's scratch server? */
export const diskSpace: Check = ({ server, target, state }) => {
  const dataBytes = server && 'fact' in server ? server.fact.dataBytes : null
  const ofTarget = target && 'fact' in target ? target.fact.space : null
  return [
    ...(ofTarget ? [judge('target space', ofTarget, dataBytes)] : []),
    judge('state space', state.space, dataBytes, state.folder),
  ]
}

/** A first backup is smaller than the data; what is as large as the data always fits. */
function judge(
  subject: string,
  { freeBytes, totalBytes }: DiskSpace,
  dataBytes: number | null,
  folder?: string,
): Finding {
  const detail = `${formatBytes(freeBytes)} free of ${formatBytes(totalBytes)}${folder ? ` at ${folder}` : ''}`
  const next = 'make room: delete what is not needed, or use a larger disk'
  if (freeBytes < LEAST_BYTES) return { status: 'fail', subject, detail, next }
  if (dataBytes !== null && freeBytes < dataBytes) {
    const short = `${detail}; the server's data is ${formatBytes(dataBytes)}`
    return { status: 'warn', subject, detail: short, next }
  }
  return { status: 'ok', subject, detail }
}
