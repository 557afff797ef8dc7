/** Kept among the settings of a source, though no variable: was it started with --sysdate-is-now? ON, OFF. */
export const SYSDATE_IS_NOW = 'sysdate_is_now'

/** What statements of a log ask for that no log tells, each with its finding. */
export const UNLOGGED = {
  anew: 'statements of the log write what is made anew each time (UUID(), RAND(), USER(): in a session of STATEMENT, or as the DEFAULT of a column that was added): here they wrote something else than on the source; compare, and take such columns from a backup that was made after them',
  roles:
    'statements of the log write which roles their session had (CURRENT_ROLE()), which no log tells: here they had none; compare what they wrote',
  sysdate:
    'statements of the log ask for SYSDATE(), which was the time when they were executed: here it is that of this replay, or, on a server that was started with --sysdate-is-now, that at which the statement began, to the second that the log has; restore again into such a server, and compare what they wrote',
} as const

export type Unlogged = keyof typeof UNLOGGED

/**
 * Does a replay make of it what the source has made?
 *
 * @param source global variables of the source, as far as the snapshot has them
 * @param here the same of the server that is replayed into
 */
export function isAlike(
  what: Unlogged,
  source: Readonly<Record<string, string>>,
  here: Readonly<Record<string, string>>,
): boolean {
  const isOn = [source, here].every(settings => settings[SYSDATE_IS_NOW] === 'ON')
  return what === 'sysdate' && isOn
}
