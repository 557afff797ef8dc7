import { boolean, integer, option, string } from '@oclif/core/flags'
import type { Config } from '#config/config'
import type { ConfigFlags } from '#config/load-config'
import { EcomdbError } from '#core/errors'
import type { PasswordPolicy } from '#domain/credential/password-policy'
import type { TotpPolicy } from '#domain/credential/totp-policy'
import type { HardenPolicy } from '#domain/hardening/policy'
import type { RecoveryPolicy } from '#domain/retention/recovery-policy'

/**
 * Flags that commands share. The environment's names are in the summaries and not in
 * oclif's `env`, since a flag must win over a variable that says the same another way
 * (--host over ECOMDB_SOCKET): src/config/load-config.ts reads the environment.
 */

const GROUP = 'CONFIGURATION'

/** For every command that reads ecomdb.yaml. */
export const configFlags = {
  config: string({
    char: 'c',
    helpGroup: GROUP,
    helpValue: 'FILE',
    summary: 'ecomdb.yaml to use (ECOMDB_CONFIG)',
  }),
}

/** For commands that talk to the server. The password never comes by flag. */
export const serverFlags = {
  ...configFlags,
  engine: option({
    options: ['auto', 'mariadb', 'mysql'] as const,
    helpGroup: GROUP,
    summary: 'the server family (ECOMDB_ENGINE)',
  })(),
  socket: string({ helpGroup: GROUP, helpValue: 'FILE', summary: 'unix socket (ECOMDB_SOCKET)' }),
  host: string({ helpGroup: GROUP, helpValue: 'NAME', summary: 'host (ECOMDB_HOST)' }),
  port: integer({ helpGroup: GROUP, min: 1, max: 65535, summary: 'port (ECOMDB_PORT)' }),
  user: string({ helpGroup: GROUP, helpValue: 'NAME', summary: 'account (ECOMDB_USER)' }),
  'password-file': string({
    helpGroup: GROUP,
    helpValue: 'FILE',
    summary: 'file of mode 0600 with the password (ECOMDB_PASSWORD_FILE, or ECOMDB_PASSWORD)',
  }),
  database: string({
    char: 'd',
    helpGroup: GROUP,
    helpValue: 'NAME',
    summary: "the shop's schema (ECOMDB_DATABASE)",
  }),
}

/** For commands that use a repository. */
export const targetFlags = {
  ...configFlags,
  target: string({
    helpGroup: GROUP,
    helpValue: 'PLACE',
    summary: 'where the repository is: a folder, or s3://bucket/prefix (ECOMDB_TARGET)',
  }),
}

/** For commands that can work from a copy. */
export const fromFlag = {
  from: string({
    helpGroup: GROUP,
    helpValue: 'COPY',
    summary: 'use a copy instead of the target: its name in ecomdb.yaml, or its folder',
    exclusive: ['target'],
  }),
}

/** Do the flags leave it at the place that backups go to? */
export const isTarget = (flags: {
  target?: string | undefined
  from?: string | undefined
}): boolean => flags.target === undefined && flags.from === undefined

/** For commands that open a snapshot. */
export const identityFlags = {
  identity: string({
    char: 'i',
    multiple: true,
    helpGroup: GROUP,
    helpValue: 'FILE',
    summary: 'age private key to use instead of keys.identity_files; can be repeated',
  }),
}

/** For commands that change something. */
export const dryRunFlag = {
  'dry-run': boolean({
    default: false,
    summary: 'print what would be done, and change nothing',
  }),
}

/** The configuration as the flags of a command say. */
export async function configFrom(
  flags: ConfigFlags & { config?: string | undefined },
): Promise<Config> {
  const { loadConfig } = await import('#config/load-config')
  return await loadConfig({ file: flags.config, environment: process.env, flags })
}

/** The recovery policy that the configuration names, or ecomdb's own. */
export async function policyFrom(config: Config): Promise<RecoveryPolicy & { file: string }> {
  const { loadRecoveryPolicy } = await import('#config/recovery-policy-file')
  return await loadRecoveryPolicy(config)
}

/**
 * The policies on passwords and the second factor that the configuration names, or ecomdb's
 * own; they need no configuration.
 */
export async function credentialPoliciesFrom(flags: { config?: string | undefined }): Promise<{
  password: PasswordPolicy & { file: string }
  totp: TotpPolicy & { file: string }
}> {
  const { loadPasswordPolicy } = await import('#config/password-policy-file')
  const { loadTotpPolicy } = await import('#config/totp-policy-file')
  const config = await configFrom({ config: flags.config }).catch(error => {
    if (flags.config || !(error instanceof EcomdbError && error.code === 'CONFIG_NOT_FOUND'))
      throw error
    return {}
  })
  return { password: await loadPasswordPolicy(config), totp: await loadTotpPolicy(config) }
}

/** The policy on passwords that the configuration names, or ecomdb's own. */
export async function passwordPolicyFrom(
  config: Config,
): Promise<PasswordPolicy & { file: string }> {
  const { loadPasswordPolicy } = await import('#config/password-policy-file')
  return await loadPasswordPolicy(config)
}

/** The hardening policy that the configuration names, or ecomdb's own. */
export async function hardenPolicyFrom(config: Config): Promise<HardenPolicy> {
  const { loadHardenPolicy } = await import('#config/harden-policy-file')
  return await loadHardenPolicy(config)
}
