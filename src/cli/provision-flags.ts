import { dirname, join } from 'node:path'
import { string } from '@oclif/core/flags'
import type { Config } from '#config/config'
import type { ProvisionOptions } from '#workflow/provision/plan-provision'
import { serverFlags } from './flags.ts'

export const provisionFlags = {
  ...serverFlags,
  secrets: string({
    helpValue: 'FOLDER',
    env: 'ECOMDB_SECRETS',
    summary:
      "make ecomdb's service accounts, and write each password to a file of mode 0600 here; default: secrets/ beside ecomdb.yaml",
  }),
  'account-host': string({
    helpValue: 'HOST',
    default: 'localhost',
    summary: 'the host that the service accounts log in from',
  }),
  'account-prefix': string({
    helpValue: 'NAME',
    default: 'ecomdb',
    summary: 'what the names of the accounts begin with',
  }),
}

/** Where and what to provision, as flags and configuration say. */
export function provisionOptions(
  config: Config,
  flags: { secrets?: string | undefined; 'account-host': string; 'account-prefix': string },
): Omit<ProvisionOptions, 'connect'> {
  const beside = config.file === null ? undefined : join(dirname(config.file), 'secrets')
  return {
    secretsFolder: flags.secrets ?? beside,
    naming: { prefix: flags['account-prefix'], host: flags['account-host'] },
  }
}
