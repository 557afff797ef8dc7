import type { Check } from '../facts.ts'

/** Is there a configuration, and is it right? */
export const configuration: Check = ({ config }) => {
  const subject = 'configuration'
  if (!config) return []
  if ('fact' in config) {
    const { file, runsOn } = config.fact
    const detail = file ? `${file}, runs_on ${runsOn}` : 'from the environment, without a file'
    return [{ status: 'ok', subject, detail }]
  }
  const { what, why, hints } = config.error
  return [
    {
      status: 'fail',
      subject,
      detail: why ? `${what}: ${why}` : what,
      next: hints[0] ?? 'run `ecomdb init`',
    },
  ]
}
