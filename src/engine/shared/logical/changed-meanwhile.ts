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

export function alwaysChanging(attempts: number, changed: readonly string[]): EcomdbError {
  return new EcomdbError('NOT_CONSISTENT', {
    what: 'no consistent point could be got: objects change all the time',
    why: `${attempts} times something changed around the lock; last: ${changed.slice(0, 5).join('; ')}`,
    hints: ['run the backup when no DDL or GRANT runs'],
  })
}
