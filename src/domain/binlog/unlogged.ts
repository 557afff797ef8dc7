/** Kept among the settings of a source, though no variable: was it started with --sysdate-is-now? ON, OFF. */
export const SYSDATE_IS_NOW = 'sysdate_is_now'

/** What statements of a log ask for that no log tells, each with its finding. */
export const UNLOGGED = {
  anew: 'statements of the log write what is made anew each time (UUID(), RAND(), USER(): in a session of STATEMENT, or, with variables and NEXTVAL() too, as the DEFAULT of a column that was added): here they wrote something else than on the source; compare, and take such columns from a backup that was made after them',
  longer:
    "results of functions in statements of the log may be longer than the source's max_allowed_packet, for which they are NULL there, and not here: the log has changes that could not be replayed with that; compare what they wrote",
  order:
    'statements of the log number rows that were there before (ALTER TABLE … ADD, MODIFY or CHANGE … AUTO_INCREMENT), or keep the first of some (ALTER IGNORE), in an order that no log tells, where they have no primary key: in which they came and not in which they were committed, or, on MySQL, in which several threads come to them; without transactions (MyISAM and such) as they lie, which a backup of rows does not keep: here rows may have other numbers than on the source, and what was changed behind it may be other rows; compare, and take that table from a backup that was made after it',
  roles:
    'statements of the log write which roles their session had (CURRENT_ROLE()), which no log tells: here they had none; compare what they wrote',
  sysdate:
    'statements of the log ask for SYSDATE(), which was the time when they were executed: here it is that of this replay, or, on a server that was started with --sysdate-is-now, that at which the statement began, to the second that the log has; restore again into such a server, and compare what they wrote',
} as const

export type Unlogged = keyof typeof UNLOGGED | 'search'

/** What a full-text index holds, and what is found by it; all of a server's start but the ones about stopwords. */
export const SEARCH_SETTINGS = [
  'ft_max_word_len',
  'ft_min_word_len',
  'ft_query_expansion_limit',
  'ft_stopword_file',
  'innodb_ft_enable_stopword',
  'innodb_ft_max_token_size',
  'innodb_ft_min_token_size',
  'innodb_ft_server_stopword_table',
  'innodb_ft_user_stopword_table',
  'ngram_token_size',
]

type Settings = Readonly<Record<string, string>>

/**
 * What somebody has to look at, or null where a replay makes of it what the source has made.
 *
 * @param source global variables of the source, as far as the snapshot has them
 * @param here the same of the server that is replayed into
 */
export function unloggedText(what: Unlogged, source: Settings, here: Settings): string | null {
  if (what === 'search') {
    const others = otherSearch(source, here)
    return others === null
      ? null
      : `statements of the log depend on what a full-text search finds (MATCH … AGAINST), and ${others}: they may have changed other rows; restore again into a server with the source's settings, and compare`
  }
  const isNow = [source, here].every(settings => settings[SYSDATE_IS_NOW] === 'ON')
  return what === 'sysdate' && isNow ? null : UNLOGGED[what]
}

/** "ft_min_word_len was 2 on the source and is 4 here"; null where searches find the same. */
export function otherSearch(source: Settings, here: Settings): string | null {
  const known = SEARCH_SETTINGS.filter(name => source[name] !== undefined)
  if (known.length === 0) return 'the snapshot does not say what the source had for them'
  const others = known.filter(name => source[name] !== here[name])
  if (others.length === 0) return null
  return others
    .map(name => `${name} was ${told(source[name])} on the source and is ${told(here[name])} here`)
    .join(', ')
}

const told = (value = 'unknown'): string => value || "''"
