import type { Check } from '../facts.ts'

/** Would `ecomdb login` trust the broker's socket, and does a broker answer? */
export const brokerSocket: Check = ({ broker }) => {
  if (broker === null) return []
  const { socketPath, distrust, listens } = broker
  const subject = 'broker'
  if (distrust !== null) {
    const next = 'people are refused to type their password there: correct the folder'
    return [{ status: 'fail', subject, detail: distrust, next }]
  }
  if (listens) return [{ status: 'ok', subject, detail: `listens on ${socketPath}` }]
  const next = 'start `ecomdb broker` (docs/login.md has a unit for systemd)'
  return [{ status: 'warn', subject, detail: `nobody listens on ${socketPath}`, next }]
}
