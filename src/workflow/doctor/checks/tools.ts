import type { Check, Finding } from '../facts.ts'

/** Are the programs there that ecomdb starts, or that a restore by hand needs? */
export const tools: Check = ({ tools: found }) =>
  found.map(({ name, purpose, needed, path }): Finding => {
    if (path) return { status: 'ok', subject: 'tool', detail: `${name}: ${path}` }
    if (!needed) {
      return {
        status: 'ok',
        subject: 'tool',
        detail: `${name} is not installed (optional: ${purpose})`,
      }
    }
    return {
      status: 'warn',
      subject: 'tool',
      detail: `${name} is not installed: ${purpose}`,
      next: 'run `bin/setup`, or install the package that has it',
    }
  })
