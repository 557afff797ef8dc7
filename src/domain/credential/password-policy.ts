/** policies/password.yaml: what a password must be. The file's words are in config/password-policy-file.ts. */
export interface PasswordPolicy {
  minLength: number
  maxLength: number
  /** At least one of each that is true. */
  requires: { digit: boolean; upper: boolean; lower: boolean; special: boolean }
  /** How often one character may stand in a row: 1 refuses "aa". */
  maxRepeat: number
  /** How long a run ("abc", "321", "qwe") may be: 2 refuses "abc". */
  maxRun: number
  /** zxcvbn's score, from 0 to 4. */
  minScore: number
  /** So many earlier passwords are not accepted again. */
  history: number
  /** The shop's own words, which nobody should build a password of. */
  words: readonly string[]
  /** A list of known passwords besides the bundled one. */
  breachListFile: string | null
  /** MySQL: refused logins until the server no longer answers, and for how many days. */
  lockout: { attempts: number; days: number }
}

/** Under this no policy file gets. */
export const LEAST_LENGTH = 8

/** A rule of the policy; the name stands in --json and in policies/password.yaml. */
export type PasswordRule =
  | 'length'
  | 'max_length'
  | 'characters'
  | 'digit'
  | 'upper'
  | 'lower'
  | 'special'
  | 'repeats'
  | 'runs'
  | 'names'
  | 'strength'
  | 'breached'
  | 'history'

/** Why a password is refused. No message holds the password or a part of it. */
export interface Weakness {
  rule: PasswordRule
  message: string
}

/** What must be looked up to judge a password. */
export interface PasswordFacts {
  /** zxcvbn's score of the first SCORED_LENGTH characters. */
  score: number
  isBreached: boolean
  isInHistory: boolean
  /** The account's names: handle, full name, e-mail address. */
  names: readonly string[]
}

/** More is not given to zxcvbn: 800 characters took it 7.7 s. */
export const SCORED_LENGTH = 100

/** The words that a password's strength is measured against: names and their parts. */
export function contextWords(names: readonly string[], words: readonly string[]): string[] {
  const parts = names.flatMap(name => [name, ...name.split(/[\s@._-]+/)])
  const all = [...parts, ...words].map(word => word.toLowerCase()).filter(word => word.length > 2)
  return [...new Set(all)]
}
