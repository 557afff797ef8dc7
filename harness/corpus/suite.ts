import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { EcomdbError } from '#core/errors'
import { cacheFolder } from '#core/paths'
import type { Manifest } from '#domain/backup/manifest'
import { TwoServers } from '../fidelity/two-servers.ts'
import { BareSession } from '../replay/bare-session.ts'
import { type HarnessCase, NotTried, type Suite, type SuiteContext } from '../suite.ts'
import { feed } from './feed.ts'
import { statementsOf } from './test-statements.ts'

/**
 * What the servers' own developers thought of: the statements of MariaDB's test suite (Debian's mariadb-test-data,
 * which `bin/setup --with-corpus` brings), for both engines, ten files a case; dump, restore, dump, and compared as in
 * `fidelity`. Case i of seed S is the ten files behind 10 × (S + i), of all of them in an order of their own.
 * --only versioning: of the files that have this in their path.
 */
export const corpus: Suite = {
  name: 'corpus',
  defaultCount: 20,
  async prepare(context) {
    const files = await testFiles(context.only ?? '')
    const servers = files.length > 0 ? await TwoServers.start(context) : null
    const cases = Array.from({ length: context.count }, (_, index) =>
      caseOf(servers, files, context, context.seed + index),
    )
    return { cases, close: async () => servers?.close() }
  },
}

const FILES_PER_CASE = 10

const EXPECTED =
  'what the server has taken of the statements is dumped, restored and dumped as it is'

/** Of other programs, of options at the start, of settings of the whole server, or of what is in no backup. */
const OTHERS =
  /rpl|binlog|galera|wsrep|perfschema|sysschema|sys_vars|encrypt|backup|storage_engine|stress|engines|heap|unit|s3|multi_source|federated|roles|shutdown|restart|crash|grant|passw|kill|mysqldump|upgrade|plugin|debug|auth/i

async function testFiles(part: string): Promise<string[]> {
  const inside = 'share/mysql/mysql-test'
  const roots = ['/usr', join(cacheFolder(), 'corpus/root/usr')].map(one => join(one, inside))
  const root = roots.find(one => existsSync(join(one, 'main')))
  if (root === undefined) return []
  const names = await readdir(root, { recursive: true })
  const order = (name: string): string => createHash('sha256').update(name).digest('hex')
  return names
    .filter(name => name.endsWith('.test') && !OTHERS.test(name) && name.includes(part))
    .toSorted((a, b) => (order(a) < order(b) ? -1 : 1))
    .map(name => join(root, name))
}

function caseOf(
  servers: TwoServers | null,
  files: readonly string[],
  { family }: SuiteContext,
  number: number,
): HarnessCase {
  const parts = Math.max(1, Math.ceil(files.length / FILES_PER_CASE))
  const from = (number % parts) * FILES_PER_CASE
  return {
    name: `files ${from} to ${from + FILES_PER_CASE - 1} of ${family}`,
    expected: EXPECTED,
    async run() {
      if (servers === null) throw new NotTried('no test suite: bin/setup --with-corpus')
      return await tryFiles(servers, files.slice(from, from + FILES_PER_CASE))
    },
  }
}

async function tryFiles(servers: TwoServers, files: readonly string[]): Promise<string> {
  const databases: string[] = []
  try {
    const fed = { taken: 0, refused: 0 }
    for (const [at, file] of files.entries()) {
      const [own, kept] = [`m${at}`, `kept${at}`]
      databases.push(own, kept)
      const client = await BareSession.open(servers.sourceSocket)
      const characterSet = ['', 'CHARACTER SET latin1', 'CHARACTER SET utf8mb4'][at % 3] ?? ''
      const statements = statementsOf(await readFile(file, 'utf8'))
      const done = await feed(client, { own, kept, characterSet }, statements)
      await client.close()
      fed.taken += done.taken
      fed.refused += done.refused
    }
    await endStatements(servers)
    const left: string[] = []
    const { tables, programs } = await roundTrip(servers, databases, left)
    const without = left.length > 0 ? `; left out: ${left.join('; ')}` : ''
    return `${tables.length} tables, ${programs.length} programs; ${fed.taken} statements, ${fed.refused} refused${without}`
  } catch (error) {
    const names = files.map((file, at) => `m${at} ${basename(file)}`).join(', ')
    throw new Error(`${error instanceof Error ? error.message : error}\nof ${names}`, {
      cause: error,
    })
  } finally {
    await endStatements(servers)
    await servers.drop(databases)
  }
}

/** A table that no backup takes, and that it names, goes; so often. */
const MOST_LEFT_OUT = 10

async function roundTrip(
  servers: TwoServers,
  databases: readonly string[],
  left: string[],
): Promise<Manifest> {
  try {
    return await servers.roundTrip(databases)
  } catch (error) {
    const named = error instanceof EcomdbError ? /^.*table (`\w+`\.`\w+`)/.exec(error.what) : null
    if (named === null || left.length >= MOST_LEFT_OUT || !isOfBackup(error)) throw error
    left.push(`${named[0]} (${(error as EcomdbError).why})`)
    await servers.source.run(`DROP TABLE ${named[1]}`)
    return await roundTrip(servers, databases, left)
  }
}

const isOfBackup = (error: unknown): boolean =>
  error instanceof EcomdbError && /cannot be backed up|cannot open table/.test(error.what)

/** What the client gave up may still run, and hold what is to be dropped. */
async function endStatements({ source }: TwoServers): Promise<void> {
  const rows = await source.rows(
    "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE COMMAND IN ('Query', 'Execute') AND ID <> CONNECTION_ID()",
  )
  for (const { id } of rows) await source.run(`KILL ${Number(id)}`).catch(() => {})
}
