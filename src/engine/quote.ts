/**
 * Quotes an identifier for both engines: backticks, doubled inside.
 * Source: MySQL reference manual, "Schema Object Names". A NUL can not be quoted.
 */
export function quoteIdentifier(name: string): string {
  if (name.includes('\0')) throw new RangeError('an identifier cannot hold a NUL')
  return `\`${name.replaceAll('`', '``')}\``
}

/** `schema`.`name` */
export function quoteQualified(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}

/**
 * Quotes a string literal for a session whose sql_mode lacks NO_BACKSLASH_ESCAPES.
 * For text that cannot be bound, such as a password in CREATE USER.
 */
export function quoteString(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\0', '\\0')}'`
}

/** 'user'@'host' */
export function quoteAccount(user: string, host: string): string {
  return `${quoteString(user)}@${quoteString(host)}`
}
