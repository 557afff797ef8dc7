import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

interface LockEntry {
  optionalDependencies?: Record<string, string>
}

/** Where npm would find `name` from `place`: in its own node_modules, else further up. */
function isLocked(packages: Record<string, LockEntry>, place: string, name: string): boolean {
  for (
    let folder = place;
    ;
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))
  ) {
    if (`${folder === '' ? '' : `${folder}/`}node_modules/${name}` in packages) {
      return true
    }
    if (folder === '') {
      return false
    }
  }
}

// npm leaves out the packages of other systems when it writes the lock beside an existing
// node_modules, or with a mirror that lacks them; `npm ci` then refuses a fresh clone.
test('the lock lists the optional packages of every system, so that npm ci takes it', () => {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, LockEntry>
  }
  const absent = Object.entries(lock.packages).flatMap(([place, entry]) =>
    Object.keys(entry.optionalDependencies ?? {}).filter(
      name => !isLocked(lock.packages, place, name),
    ),
  )
  expect(absent).toEqual([])
})
