import type { HardeningFacts } from '#domain/hardening/facts'

/**
 * For every check of `ecomdb harden`: how a real server is brought to pass it, to fail it, and
 * to be none of its business, and how it is brought back.
 */
export interface HardeningState {
  check: string
  verdict: 'pass' | 'fail' | 'not-applicable'
  /** What the evidence must name. */
  subject?: string
  set?: readonly string[]
  back?: readonly string[]
  /** How far our clock is off, in milliseconds. */
  clock?: number
  /** ecomdb's own database of people is made first. */
  store?: true
  /** The other server of this engine, which was started without certificates. */
  bare?: true
  /**
   * A variable that needs another start: its value as the server shows it then. Used where a third
   * start of a server would cost more than it shows.
   */
  variables?: Readonly<Record<string, string | null>>
  /** What this version of the engine cannot be brought to at all. */
  facts?: (facts: HardeningFacts) => HardeningFacts
}

export const NAME = "'t_hard'@'localhost'"
export const made = (what = "IDENTIFIED BY 'A-password.9'", name = NAME): string =>
  `CREATE USER ${name} ${what}`
export const gone = (name = NAME): string => `DROP USER ${name}`
export const account = (what?: string, name?: string) => ({
  set: [made(what, name)],
  back: [gone(name)],
})
export const granted = (...grants: readonly string[]) => ({
  set: [made(), ...grants.map(grant => `GRANT ${grant} TO ${NAME}`)],
  back: [gone()],
})
export const byRole = (privilege: string) => ({
  set: [
    ...['CREATE ROLE t_inner', 'CREATE ROLE t_outer', `GRANT ${privilege} ON *.* TO t_inner`],
    ...['GRANT t_inner TO t_outer', made(), `GRANT t_outer TO ${NAME}`],
  ],
  back: [gone(), 'DROP ROLE t_outer', 'DROP ROLE t_inner'],
})
export const setting = (name: string, value: string, before: string) => ({
  set: [`SET GLOBAL ${name} = ${value}`],
  back: [`SET GLOBAL ${name} = ${before}`],
})
export const ROOT_HAS_PASSWORD = {
  set: ["ALTER USER 'root'@'localhost' IDENTIFIED BY 'A-password.9'"],
  back: ["ALTER USER 'root'@'localhost' IDENTIFIED BY ''"],
}
export const ALL_LOCKED = {
  set: ["ALTER USER 'root'@'localhost' ACCOUNT LOCK"],
  back: ["ALTER USER 'root'@'localhost' ACCOUNT UNLOCK"],
}
export const owned = (definer: string, ...before: readonly string[]) => ({
  set: [
    'CREATE DATABASE t_hard',
    ...before,
    `CREATE DEFINER = ${definer} VIEW t_hard.v AS SELECT 1`,
  ],
  back: ['DROP DATABASE t_hard', ...before.map(() => gone())],
})
export const fails = 'fail'
export const passes = 'pass'
export const none = 'not-applicable'
export const at = 't_hard@localhost'
