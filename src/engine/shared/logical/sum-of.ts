/**
 * A sum of many terms, in pairs. A server climbs down one level for each term of a long `a + b + c`: MariaDB
 * with its own thread_stack refuses one of 300 columns (1436), and a table may have 1,017.
 */
export function sumOf(terms: readonly string[]): string {
  const [first = '1'] = terms
  if (terms.length < 2) return first
  const middle = Math.ceil(terms.length / 2)
  return `(${sumOf(terms.slice(0, middle))}) + (${sumOf(terms.slice(middle))})`
}
