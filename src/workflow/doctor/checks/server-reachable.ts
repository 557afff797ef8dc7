import type { ErrorCode } from '#core/errors'
import type { Check } from '../facts.ts'

/** The errors' own hints send to the doctor. */
const NEXT: Partial<Record<ErrorCode, string>> = {
  SERVER_UNREACHABLE: 'is it running, and is its socket, or host and port, right?',
  AUTHENTICATION_REFUSED: 'check server.user and the password: its file, or ECOMDB_PASSWORD',
}

/** Does the server answer, and accept the account? */
export const serverReachable: Check = ({ config, server }) => {
  const subject = 'server'
  if (!server) {
    const detail =
      config && 'fact' in config
        ? `none is named, and a ${config.fact.runsOn} host needs none to copy, verify, expire and drill`
        : 'without a configuration'
    return [{ status: 'skip', subject, detail }]
  }
  if ('fact' in server) {
    const { place, account, flavor } = server.fact
    return [{ status: 'ok', subject, detail: `${flavor} at ${place}, as ${account}` }]
  }
  const { code, what, why, hints } = server.error
  const detail = why ? `${what}: ${why}` : what
  const next = NEXT[code] ?? hints[0] ?? `run \`ecomdb errors ${code}\``
  return [{ status: 'fail', subject, detail, next }]
}
