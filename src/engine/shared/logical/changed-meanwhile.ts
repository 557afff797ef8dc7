import { EcomdbError } from '#core/errors'

/** @param changed what, in words */
export function changedMeanwhile(changed: readonly string[], cause?: unknown): EcomdbError {
  return new EcomdbError('NOT_CONSISTENT', {
    what: 'the backup is not consistent and was given up',
    why: `DDL ran while rows were read: ${changed.slice(0, 5).join('; ')}`,
    hints: ['run the backup again when no DDL runs: what was stored is used again'],
    cause,
  })
}
