import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { EcomdbError } from '#core/errors'
import type { Secret } from '#core/secret'
import { generateDedupKey, writeDedupKey } from '#crypto/key-files'
import type { PrepareReport } from '#domain/credential/prepare-report'
import { asAdministrator, type PeopleServer } from '../credential/people.ts'
import { openPasswordStore } from '../provision/password-store.ts'

export interface PrepareOptions {
  identityHost: string
  sessionHost: string
  totpKeyFile: string | undefined
  dryRun: boolean
}

const BROKER_USER = 'ecomdb_broker'

/**
 * Makes what the broker needs: the key for seeds, the locked issuer with the two procedures, and
 * the broker's own account, which may call them. Can run again, and must after new roles.
 *
 * @throws EcomdbError CONFIG_INVALID without keys.totp_key_file, PRIVILEGE_MISSING
 */
export async function prepareBroker(
  server: PeopleServer,
  { identityHost, sessionHost, totpKeyFile, dryRun }: PrepareOptions,
): Promise<PrepareReport> {
  if (!totpKeyFile) throw noKeyFile()
  const passwordFile = join(dirname(totpKeyFile), `${BROKER_USER}.password`)
  return await asAdministrator(server, async session => {
    const { credentials, accessCatalog, leases } = server.engine
    const broker = { user: BROKER_USER, host: identityHost }
    const { steps, brokerLocked } = await credentials.issuerSteps(session, { broker, sessionHost })
    const madeKey = !(await isThere(totpKeyFile))
    const report = {
      dryRun,
      totpKeyFile,
      passwordFile,
      madeKey,
      scheduler: (await leases.deadMan(session)).scheduler,
      brokerLocked,
      steps: steps.map(({ sql }) => sql),
    }
    if (dryRun) return report
    if (madeKey) await writeDedupKey(totpKeyFile, generateDedupKey())
    const passwords = await openPasswordStore(dirname(passwordFile), [BROKER_USER])
    const password = passwords.of(BROKER_USER)
    // A server that remembers passwords refuses the one that the account has.
    const isSet = await hasPassword(server, password)
    for (const step of steps) {
      if (step.takesPassword && isSet) continue
      await credentials.runIssuerStep(session, step, password)
    }
    const record = { do: 'record account' as const, account: broker, kind: 'service' as const }
    for (const sql of accessCatalog.compile(session, { ...record, person: null })) {
      await accessCatalog.run(session, sql)
    }
    const operation = { command: 'broker prepare', subject: BROKER_USER, detail: { sessionHost } }
    await accessCatalog.recordOperation(session, operation)
    return report
  })
}

/**
 * Whether the broker's account has this password already, as far as it can be tried from here; it may
 * be locked.
 */
async function hasPassword(
  { engine, connect }: PeopleServer,
  password: Secret | null,
): Promise<boolean> {
  if (password === null) return false
  try {
    const answer = await engine.credentials.checkPassword(connect, BROKER_USER, password)
    return answer === 'open' || answer === 'right'
  } catch (error) {
    if (error instanceof EcomdbError) return false
    throw error
  }
}

async function isThere(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  )
}

function noKeyFile(): EcomdbError {
  return new EcomdbError('CONFIG_INVALID', {
    what: 'keys.totp_key_file is not set',
    why: 'it names the key that seals the seeds of one-time codes, outside the database',
    hints: ['set it in ecomdb.yaml, like keys/totp.key, then run `ecomdb broker prepare`'],
  })
}
