import { forwarding } from '#target/forwarding'
import type { Target } from '#target/target'
import { ATTESTATIONS } from './layout.ts'

/** Where bytes came from; null: none were read. */
export type ReadFrom = 'medium' | 'cache' | null

export interface PastCache {
  target: Target
  /** 'cache' when one file or more could not be read past this machine's memory. */
  readFrom(): ReadFrom
}

/**
 * The same target, whose whole files are read past the memory of this machine. What a host has written or read
 * lately it has in memory, and would find whole there, however it lies on the disk. Not so attestations: of a year
 * there are thousands of some hundred bytes, each a seek of its own, and they are what is said, not what is kept.
 */
export function pastCache(target: Target): PastCache {
  let from: ReadFrom = null
  const readMedium = async (name: string, versionId?: string): Promise<Buffer | null> => {
    const read = await target.readBack(name, versionId)
    if (read && from !== 'cache') from = read.from
    return read?.bytes ?? null
  }
  return {
    readFrom: () => from,
    target: forwarding(target, {
      get: async (name, part) =>
        part?.range || name.startsWith(ATTESTATIONS)
          ? await target.get(name, part)
          : await readMedium(name, part?.versionId),
    }),
  }
}
