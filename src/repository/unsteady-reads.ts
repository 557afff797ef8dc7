import type { UnsteadyRead } from '#domain/backup/repository-report'
import type { Target } from '#target/target'

/** By the target that a command opened, so that whoever reads one file need not carry it. */
const noted = new WeakMap<Target, UnsteadyRead[]>()
const all: UnsteadyRead[] = []

export function noteUnsteady(target: Target, read: UnsteadyRead): void {
  noted.set(target, [...(noted.get(target) ?? []), read])
  all.push(read)
}

/** Of one target, since it was opened. */
export function unsteadyReads(target: Target): readonly UnsteadyRead[] {
  return noted.get(target) ?? []
}

/** Of this process. */
export function allUnsteadyReads(): readonly UnsteadyRead[] {
  return all
}
