import { isUtf8 } from 'node:buffer'

/**
 * What SHOW CREATE TABLE printed, with each literal that is no UTF-8 as x'…': MariaDB prints
 * the default of a BINARY column as its raw bytes, and MySQL a literal in utf16, utf32 or ucs2
 * in a generated column or a CHECK as its own. The hexadecimal form is ASCII, and means
 * the same bytes under every character set. A view has literals of other character sets, too: _latin1'…'.
 *
 * @param isNamed only literals that name their character set: without one x'…' is of another type
 * @returns null where bytes outside of such literals are no UTF-8
 */
export function withBinaryLiteralsAsHex(create: Uint8Array, isNamed = false): string | null {
  // One character is one byte; quotes and backslashes never are a part of a UTF-8 character.
  const bytes = Buffer.from(create).toString('latin1')
  const text = bytes.replace(QUOTED, (quoted, at: number) => {
    if (!quoted.startsWith("'") || isUtf8(Buffer.from(quoted, 'latin1'))) return quoted
    // _utf16'…' is one literal, and _utf16x'…' is not.
    const space = /\w/.test(bytes[at - 1] ?? '') ? ' ' : ''
    if (isNamed && space === '') return quoted
    return `${space}x'${Buffer.from(unquoted(quoted), 'latin1').toString('hex')}'`
  })
  const result = Buffer.from(text, 'latin1')
  return isUtf8(result) ? result.toString('utf8') : null
}

/** A name or a literal, with its quotes. */
export const QUOTED = /`(?:[^`]|``)*`|'(?:[^'\\]|''|\\[\s\S])*'/g

function unquoted(literal: string): string {
  return literal
    .slice(1, -1)
    .replace(/''|\\([\s\S])/g, (_, escaped?: string) =>
      escaped === undefined ? "'" : (ESCAPES[escaped] ?? escaped),
    )
}

/** Reference manual, "String Literals". */
const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  b: '\b',
  n: '\n',
  r: '\r',
  t: '\t',
  Z: '\x1a',
}
