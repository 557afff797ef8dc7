const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

export const KIB = 1024
export const MIB = 1024 * KIB
export const GIB = 1024 * MIB

/** 1536 -> "1.5 KiB". Binary units (IEC 80000-13). */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < BINARY_UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${BINARY_UNITS[unit]}`
}

/** 1234567 -> "1,234,567". */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}

/** 1 -> "1 table"; 1234 -> "1,234 tables". For nouns whose plural is an s. */
export function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** 83_000 -> "1m 23s"; 4_230 -> "4.2 s"; from two days on "35d 0h". */
export function formatDuration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  if (h >= 48) return `${Math.floor(h / 24)}d ${h % 24}h`
  return h > 0 ? `${h}h ${m}m` : `${m}m ${s}s`
}
