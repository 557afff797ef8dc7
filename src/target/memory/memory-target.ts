import { checkName, checkPrefix, nameTaken } from '../name.ts'
import type { Target } from '../target.ts'

/** A target in memory, for tests. It passes the same contract suite as the others. */
export function openMemoryTarget(label = 'memory'): Target {
  const files = new Map<string, Buffer>()
  return {
    label,
    lock: null,
    async put(name, body) {
      checkName(name)
      if (files.has(name)) throw nameTaken(label, name)
      files.set(name, Buffer.concat(body))
      return { versionId: null, lockedUntil: null }
    },
    async get(name, { range } = {}) {
      checkName(name)
      const file = files.get(name)
      return file ? Buffer.from(file.subarray(range?.start, range?.end)) : null
    },
    async readBack(name) {
      const file = files.get(name)
      return file ? { bytes: Buffer.from(file), from: 'medium' } : null
    },
    async stat(name) {
      checkName(name)
      const file = files.get(name)
      return file ? { sizeBytes: file.length } : null
    },
    async *list(prefix) {
      checkPrefix(prefix)
      const names = [...files.keys()].filter(name => name.startsWith(prefix)).sort()
      for (const name of names) yield { name, sizeBytes: files.get(name)?.length ?? 0 }
    },
    async remove(name) {
      checkName(name)
      files.delete(name)
    },
    async *shadowed() {},
    keepsVersions: async () => false,
    removingRules: async () => [],
    noticesDamage: async () => null,
    async *leftovers() {},
    inspect: async () => ({ refusal: null, space: null, mountPoint: null }),
  }
}
