import { readFile } from 'node:fs/promises'
import type { Config } from '#config/config'
import { systemClock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import type { Secret } from '#core/secret'
import type { BrokerPlace } from '#workflow/broker/run-broker'
import type { EnrolOptions } from '#workflow/credential/enroll'
import type { Issuer } from '#workflow/credential/log-in'
import { wire } from './wire.ts'

/** @throws EcomdbError CONFIG_INVALID, SECRET_MISSING */
export async function totpKey(config: Config): Promise<Secret> {
  const file = config.keys.totpKeyFile
  if (!file) {
    throw new EcomdbError('CONFIG_INVALID', {
      what: 'keys.totp_key_file is not set',
      why: 'it names the key that seals the seeds of one-time codes',
      hints: ['set it in ecomdb.yaml, then run `ecomdb broker prepare`'],
    })
  }
  const { readDedupKey } = await import('#crypto/key-files')
  return await readDedupKey(file)
}

/** What enrolment needs besides the server. */
export async function enrolOptions(config: Config): Promise<EnrolOptions> {
  const { loadTotpPolicy } = await import('#config/totp-policy-file')
  const { issuer } = await loadTotpPolicy(config)
  return { issuer, totpKey: await totpKey(config), clock: systemClock }
}

/** The broker, with the account that the configuration names: `server.user`. */
export async function issuerFrom(config: Config): Promise<Issuer> {
  const { loadTotpPolicy } = await import('#config/totp-policy-file')
  const policy = await loadTotpPolicy(config)
  const key = await totpKey(config)
  return { ...(await wire.server(config)), policy, totpKey: key, clock: systemClock }
}

/** @throws EcomdbError CONFIG_INVALID without a socket, or with a group that the host has not */
export async function brokerPlace({ broker }: Config): Promise<BrokerPlace> {
  const { socketPath, group } = broker
  if (socketPath) return { socketPath, groupId: group === null ? null : await groupIdOf(group) }
  throw new EcomdbError('CONFIG_INVALID', {
    what: 'broker.socket is not set',
    why: 'it is the unix socket that the broker listens on',
    hints: ['set it in ecomdb.yaml, like /run/ecomdb/broker.sock'],
  })
}

async function groupIdOf(group: string): Promise<number> {
  const text = await readFile('/etc/group', 'utf8')
  const line = text.split('\n').find(entry => entry.startsWith(`${group}:`))
  const id = Number(line?.split(':')[2])
  if (line && Number.isSafeInteger(id)) return id
  throw new EcomdbError('CONFIG_INVALID', {
    what: `there is no group ${group} in /etc/group`,
    why: 'broker.group names it',
  })
}
