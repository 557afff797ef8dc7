import type { AccountEntry, Manifest } from './manifest.ts'

/**
 * What no statement of an account has: its earlier passwords. MySQL keeps them by account, MariaDB's
 * password_reuse_check by a hash of account and password.
 *
 * @param made accounts that a restore makes
 */
export function passwordHistoryNotes(
  { settings }: Pick<Manifest, 'settings'>,
  made: readonly Pick<AccountEntry, 'create'>[],
): string[] {
  // 0 is for ever to MariaDB, and never to MySQL.
  const isKept = HISTORY_SETTINGS.some(
    name => settings[name] !== undefined && (name.includes('check') || settings[name] !== '0'),
  )
  const hasOwn = made.some(({ create }) => create.some(sql => OWN_HISTORY.test(sql)))
  return made.length > 0 && (isKept || hasOwn)
    ? ['password histories do not come back: a password of before may be chosen again']
    : []
}

/** MariaDB has the last one where the plugin is. */
const HISTORY_SETTINGS = [
  'password_history',
  'password_reuse_interval',
  'password_reuse_check_interval',
]

const OWN_HISTORY = / PASSWORD (?:HISTORY|REUSE INTERVAL) [1-9]/
