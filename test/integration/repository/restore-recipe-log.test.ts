import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { RunningServer } from '#engine/scratch-server'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { logWords } from '#test/log-words'
import { LEDGER, LoggedShop } from '#test/logged-shop'
import { followRecipe, inShell } from '#test/recipe'
import { withFolder } from '#test/temporary'

// RESTORE.md's last step, followed word for word: the archived log, executed on what was restored.

const STATE = 'SELECT writer AS writer, seq AS seq FROM shop.ledger ORDER BY writer, seq'
const insert = (writer: number): string =>
  `INSERT INTO shop.ledger (writer, seq) VALUES (${writer}, ${writer})`

describe.each(SLOW_TEST_ENGINES)('%s: RESTORE.md', family => {
  test('brings what came after the snapshot, to a moment or to the end', () =>
    withFolder(async folder => {
      const shop = await LoggedShop.make(family, folder)
      try {
        const archive = async (): Promise<void> => {
          const once = ['backup', 'binlog', '--once', '--segment-mib', '1']
          const run = await shop.ecomdb(once)
          expect(run.status, run.stderr).toBe(0)
        }
        await shop.run(...LEDGER, insert(1))
        await archive()
        await shop.run(insert(2))
        const backup = await shop.ecomdb(['backup', 'logical'])
        expect(backup.status, backup.stderr).toBe(0)
        const place = await newestFile(shop)
        await shop.run(insert(3), 'FLUSH BINARY LOGS', insert(4))
        await archive()
        await nextSecond()
        const until = String(await shop.value('SELECT UTC_TIMESTAMP()'))
        // Larger than a segment, which is then cut in its middle.
        await shop.run(
          ...(family === 'mariadb' ? ['SET binlog_format = ROW', 'SET gtid_seq_no = 90000'] : []),
          'CREATE TABLE shop.big (i INT PRIMARY KEY, t LONGTEXT)',
          `INSERT INTO shop.big VALUES ${[1, 2, 3].map(i => `(${i}, REPEAT('${i}', 900000))`).join()}`,
          // Out of order, which the tool refuses by default.
          ...(family === 'mariadb' ? ['SET gtid_seq_no = 50000'] : []),
          insert(5),
        )
        await archive()
        const cut = await segments(shop, '"open":{')
        expect(cut.length).toBeGreaterThan(0)

        const whole = [1, 2, 3, 4, 5]
        expect(await restored(shop, folder, { UNTIL: until })).toEqual(whole.slice(0, 4))
        expect(await restored(shop, folder, {})).toEqual(whole)
        // Nothing of a transaction whose end is not there.
        const LAST = basename(cut[0] ?? '', '.json')
        expect(await restored(shop, folder, { LAST })).toEqual(whole.slice(0, 4))
        // Not over what the server did not log as it should.
        const format = String(await shop.value('SELECT @@global.binlog_format'))
        await shop.run("SET GLOBAL binlog_format = 'STATEMENT'")
        expect((await shop.ecomdb(['backup', 'binlog', '--once'])).status).toBe(78)
        await shop.run(`SET GLOBAL binlog_format = '${format}'`, insert(6))
        await archive()
        expect(await restored(shop, folder, {})).toEqual(whole)
        await expectRefusals(shop, folder, place)
        const STRETCH = basename(dirname(cut[0] ?? ''))
        expect(await restored(shop, folder, { STRETCH })).toEqual(whole)
      } finally {
        await shop.stop()
      }
    }))

  test('fails as the source did, and names what does not', () =>
    withFolder(async folder => {
      const shop = await LoggedShop.make(family, folder)
      try {
        await shop.run(...LEDGER)
        await goesOverErrors(shop, folder)
      } finally {
        await shop.stop()
      }
    }))
})

/** Statements that failed half done on the source fail so here, and one that does not is named. */
async function goesOverErrors(shop: LoggedShop, folder: string): Promise<void> {
  const backUp = async (...args: string[]): Promise<void> => {
    const run = await shop.ecomdb(['backup', ...args])
    expect(run.status, run.stderr).toBe(0)
  }
  await backUp('logical')
  const session = await shop.engine.connect(shop.source.administrator)
  const refused = async (statement: string, why: string): Promise<void> => {
    await expect(session.run(statement)).rejects.toThrow(why)
  }
  await session.run("SET binlog_format = 'STATEMENT'")
  await session.run('CREATE TABLE shop.m (i INT PRIMARY KEY) ENGINE = MyISAM')
  await refused('INSERT INTO shop.m VALUES (1), (2), (1)', 'Duplicate')
  await session.run(insert(7))
  await backUp('binlog', '--once')
  expect(await restored(shop, folder, {})).toContain(7)
  const id = await session.value('SELECT CONNECTION_ID()')
  const slow = refused('UPDATE shop.m SET i = i + 10 + SLEEP(1) * 0', 'interrupted')
  await sleep(1500)
  await shop.run(`KILL QUERY ${id}`)
  await slow
  await session.run(insert(8))
  await session.close()
  await backUp('binlog', '--once')
  const told: string[] = []
  expect(await restored(shop, folder, {}, told)).toContain(8)
  expect(told.join()).toContain('on the old server, where it ended with error 1317')
  expect(told.join()).not.toContain('with error 1062')
  // The table is there already, which is none of the source's errors.
  await expect(restored(shop, folder, {}, [], 'CREATE TABLE shop.m (i INT)')).rejects.toThrow(
    'the server refused what the old one did not',
  )
}

/** Each is refused before the server is asked for anything. */
async function expectRefusals(
  shop: LoggedShop,
  folder: string,
  place: { name: string; size: number },
): Promise<void> {
  const refused = async (more: Record<string, string>): Promise<string> => {
    const done = await follow(shop, folder, 'log', { CLIENT: 'false', ...more })
    expect(done.status, done.stdout).not.toBe(0)
    await rm(join(folder, 'work'), { recursive: true })
    return done.stderr
  }
  expect(await refused({ LAST: '1' })).toContain('ends before snapshot')
  expect(await refused({ STRETCH: 'none' })).toContain('no archived log has the place')
  const [envelope = ''] = await segments(shop, '"sequence":2,')
  const object = join(
    shop.place.path,
    /"path":"([^"]*)"/.exec(await payloadOf(envelope))?.[1] ?? '',
  )
  for (const [path, why] of [
    [object, 'is damaged'],
    [envelope, 'is not signed by'],
  ] as const) {
    const bytes = await readFile(path)
    const harmed = Buffer.from(bytes)
    // Inside the ciphertext, or the signature, which stays base64: of a payload the ids would be others.
    const at = path === envelope ? bytes.indexOf('"sig":"') + 20 : 200
    harmed.writeUInt8(harmed.readUInt8(at) === 0x41 ? 0x42 : 0x41, at)
    await writeFile(path, harmed)
    expect(await refused({}), path).toContain(why)
    await writeFile(path, bytes)
  }
  // Another history, whose file has the name and the place of the snapshot.
  await sleep(5000)
  const { reset } = logWords(shop.source.version)
  await shop.run(reset)
  while ((await newestFile(shop)).name !== place.name) await shop.run('FLUSH BINARY LOGS')
  for (let i = 100; (await newestFile(shop)).size < place.size; i += 1) await shop.run(insert(i))
  const again = await shop.ecomdb(['backup', 'binlog', '--once'])
  expect(again.status, again.stderr).not.toBe(30)
  expect(await refused({})).toContain('the log was reset; set STRETCH')
}

async function newestFile(shop: LoggedShop): Promise<{ name: string; size: number }> {
  const file = (await shop.rows('SHOW BINARY LOGS')).at(-1)
  return { name: String(file?.['Log_name']), size: Number(file?.['File_size']) }
}

/** Envelopes of the archive that say so, in order. */
async function segments(shop: LoggedShop, what: string): Promise<string[]> {
  const root = join(shop.place.path, 'binlog')
  const names = (await readdir(root, { recursive: true })).filter(name => name.endsWith('.json'))
  const found: string[] = []
  for (const name of names.sort()) {
    if ((await payloadOf(join(root, name))).includes(what)) found.push(join(root, name))
  }
  return found
}

async function payloadOf(envelope: string): Promise<string> {
  return Buffer.from(JSON.parse(await readFile(envelope, 'utf8')).payload, 'base64').toString()
}

/** Writers in the ledger of a new server, after both scripts. */
async function restored(
  shop: LoggedShop,
  folder: string,
  more: Record<string, string>,
  told: string[] = [],
  between = 'DO 0',
): Promise<number[]> {
  const { engine } = shop
  const server: RunningServer = await engine.scratchServers.start({
    ...{ folder: join(folder, 'restored'), tcp: false, purpose: 'drill' },
    serverOptions: ['--local-infile=ON'],
  })
  try {
    const CLIENT = inShell(engine.scratchServers.client(server))
    for (const kind of ['rows', 'log'] as const) {
      if (kind === 'log') await shop.rows(between, server)
      const done = await follow(shop, folder, kind, { CLIENT, ...more })
      told.push(done.stderr)
      expect(done.status, `${kind}: ${done.stderr}${done.stdout}`).toBe(0)
    }
    expect(await readdir(join(folder, 'work'))).toEqual([])
    return (await shop.rows(STATE, server)).map(row => Number(row['writer']))
  } finally {
    await engine.scratchServers.remove(server.folder)
  }
}

async function follow(
  shop: LoggedShop,
  folder: string,
  kind: 'rows' | 'log',
  more: { CLIENT: string } & Record<string, string>,
) {
  const tool = shop.family === 'mysql' ? 'mysqlbinlog' : 'mariadb-binlog'
  const config = await readFile(join(folder, 'ecomdb.yaml'), 'utf8')
  return await followRecipe(shop.place.path, kind, {
    home: folder,
    IDENTITY: shop.place.config.identityFiles[0] ?? '',
    WORK: join(folder, 'work'),
    BINLOG: inShell(shop.engine.installation().program(tool)),
    SIGNER: /ed25519:[^"]+/.exec(config)?.[0] ?? '',
    ...more,
  })
}

async function nextSecond(): Promise<void> {
  await sleep(1001)
}
