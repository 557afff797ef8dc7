import type { Check } from '../facts.ts'

/**
 * Before which commands the operator's code is asked for, and what that rests on: files of this
 * host. Who can change them, or give ecomdb others, is not asked.
 */
export const operatorCode: Check = ({ operators }) => {
  if (operators === null || operators.commands.length === 0) return []
  const { commands, people, loose } = operators
  const subject = "operator's code"
  const whom = people.length > 0 ? people.join(', ') : 'anybody who is enrolled'
  const detail = `of ${whom}, before ${commands.join(', ')}`
  if (loose.length === 0) {
    const limit =
      "not of who gives ecomdb another configuration, or has the administrator's password"
    return [{ status: 'ok', subject, detail: `${detail}; ${limit}` }]
  }
  const why = `whoever is not root and can change ${loose.join(', ')} is not asked`
  const next = 'give the files and their folders to root, with mode 0644 and 0755 at most'
  return [{ status: 'warn', subject, detail: `${detail}; but ${why}`, next }]
}
