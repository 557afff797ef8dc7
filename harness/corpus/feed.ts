import type { BareSession } from '../replay/bare-session.ts'

/** For one file, and for one of its statements. */
const FILE_MS = 15_000
const STATEMENT_MS = 8_000

/** How many were taken, and how many refused. */
export interface Fed {
  taken: number
  refused: number
}

/**
 * Gives a test's statements to a server, in a database of their own. A table that the test drops is moved to a second
 * database, with all that became of it; what else it drops stays every other time.
 *
 * @returns also where the server refused most of it, or took too long
 */
export async function feed(
  client: BareSession,
  databases: { own: string; kept: string; characterSet: string },
  statements: readonly string[],
): Promise<Fed> {
  const { own, kept, characterSet } = databases
  await client.run(`CREATE DATABASE ${own} ${characterSet}`)
  await client.run(`CREATE DATABASE ${kept}`)
  await client.run(`USE ${own}`)
  const fed = { taken: 0, refused: 0 }
  const deadline = performance.now() + FILE_MS
  for (const [at, sql] of statements.entries()) {
    if (performance.now() > deadline) break
    const here = sql.replace(/(?:`test`|\btest)\./g, `${own}.`)
    const done = await feedOne(client, here, { kept, at })
    fed[done ? 'taken' : 'refused'] += 1
  }
  return fed
}

async function feedOne(
  client: BareSession,
  sql: string,
  { kept, at }: { kept: string; at: number },
): Promise<boolean> {
  const [, names] = /^drop\s+table\s+(?:if\s+exists\s+)?(.+)$/is.exec(sql) ?? []
  if (names === undefined) {
    if (/^drop\b/i.test(sql) && at % 2 === 0) return true
    return await take(client, sql)
  }
  for (const [part, name] of names.split(',').entries()) {
    const table = name.trim().replace(/\s+(?:cascade|restrict)$/i, '')
    if (!/^[\w`]+$/.test(table)) continue
    const isMoved = await take(client, `RENAME TABLE ${table} TO ${kept}.t${at}_${part}`)
    if (!isMoved) await take(client, `DROP TABLE IF EXISTS ${table}`)
  }
  return true
}

async function take(client: BareSession, sql: string): Promise<boolean> {
  return await client.run(sql, STATEMENT_MS).then(
    () => true,
    () => false,
  )
}
