import type { Check } from '../facts.ts'

/** Is the target there, can it be written, and does it hold a repository? */
export const targetRepository: Check = ({ target, config }) => {
  const subject = 'target'
  if (!target && (!config || 'error' in config)) {
    return [{ status: 'skip', subject, detail: 'without a configuration' }]
  }
  if (!target) {
    const next = 'set target in ecomdb.yaml, or run `ecomdb init`'
    return [{ status: 'warn', subject, detail: 'none is configured', next }]
  }
  if ('error' in target) {
    const { what, why, hints } = target.error
    const next = hints[0] ?? 'mount the disk'
    return [{ status: 'fail', subject, detail: why ? `${what}: ${why}` : what, next }]
  }
  const { label, refusal, repository } = target.fact
  if (repository && 'error' in repository) {
    const { what, why, hints } = repository.error
    return [{ status: 'fail', subject, detail: `${what}: ${why}`, next: hints[0] ?? '' }]
  }
  if (refusal) {
    const detail = `${label} cannot be written: ${refusal}`
    return [
      { status: 'fail', subject, detail, next: 'repair its permissions, or mount it writable' },
    ]
  }
  const id = repository ? repository.fact.id : 'none'
  return [{ status: 'ok', subject, detail: `${label}, repository ${id}` }]
}
