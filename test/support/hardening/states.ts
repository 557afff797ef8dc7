import type { HardenPolicy } from '#domain/hardening/policy'
import { BOTH } from './both.ts'
import { MARIADB } from './mariadb.ts'
import { MYSQL } from './mysql.ts'

export const POLICY: HardenPolicy = {
  administrators: ['root@localhost'],
  mayHold: [{ account: 't_allowed@localhost', privileges: ['PROCESS'] }],
  idleSeconds: 900,
  passwordLength: 12,
  waivers: [],
}

/** These apply to every server there is. */
export const ALWAYS_APPLY = [
  'H04',
  'H08',
  'H09',
  'H10',
  'H11',
  'H14',
  'H15',
  'H17',
  'H18',
  'H19',
].concat(['H21', 'H22', 'H25', 'H26', 'H27', 'H28'])

/** Seen in a test of its own: it needs a shop. */
export const NEED_SHOP = ['H30']

export const HARDENING_STATES = { mysql: [...BOTH, ...MYSQL], mariadb: [...BOTH, ...MARIADB] }

/** So that what is not dynamic differs from the other server, which has none of it. */
export const SERVER_OPTIONS = {
  mysql: ['--secure-file-priv='],
  mariadb: [
    ...['--secure-file-priv=/tmp', '--plugin-load-add=server_audit', '--server-audit-logging=ON'],
    '--server-audit=FORCE_PLUS_PERMANENT',
  ],
}
