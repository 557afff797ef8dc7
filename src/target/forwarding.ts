import type { Target } from './target.ts'

/** The same target but for these members: what it is asked, `target` answers. Errors are those of `target`. */
export function forwarding(target: Target, instead: Partial<Target>): Target {
  return {
    label: target.label,
    lock: target.lock,
    put: (name, body) => target.put(name, body),
    get: (name, part) => target.get(name, part),
    readBack: (name, versionId) => target.readBack(name, versionId),
    stat: name => target.stat(name),
    list: prefix => target.list(prefix),
    remove: name => target.remove(name),
    shadowed: prefix => target.shadowed(prefix),
    keepsVersions: () => target.keepsVersions(),
    removingRules: () => target.removingRules(),
    noticesDamage: name => target.noticesDamage(name),
    leftovers: () => target.leftovers(),
    inspect: triesRemoving => target.inspect(triesRemoving),
    ...instead,
  }
}
