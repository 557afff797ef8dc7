import type { HeldFile, TargetLock } from './target.ts'

/** Is it held in governance mode, where compliance is asked for? Who has the right to bypass it could remove it. */
export function isWeaker({ mode }: HeldFile, asked: TargetLock): boolean {
  return asked.mode === 'compliance' && mode === 'governance'
}
