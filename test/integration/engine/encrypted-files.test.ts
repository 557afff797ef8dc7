import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import { TEST_ENGINES } from '#test/engines'
import { withFolder } from '#test/temporary'
import { withTableKey } from '#test/with-table-key'

const MORE = { mysql: 'innodb_redo_log_encrypt', mariadb: 'aria_encrypt_tables' } as const

test.each(TEST_ENGINES)(
  '%s: what the server encrypts is refused by a physical backup, by name',
  async family => {
    await withFolder(async folder => {
      await withTableKey(family, join(folder, 'server'), async (server, engine) => {
        const check = () => engine.physicalBackups.check(server.administrator)
        const session = await engine.connect(server.administrator)
        if (family === 'mysql') await session.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
        await session.run('CREATE DATABASE shop')
        await session.run('CREATE TABLE shop.plain (id INT PRIMARY KEY)')
        await check()
        const encrypted = family === 'mysql' ? "ENCRYPTION = 'Y'" : 'ENCRYPTED = YES'
        await session.run(`CREATE TABLE shop.hidden (id INT PRIMARY KEY) ${encrypted}`)
        await expect(check()).rejects.toMatchObject({ code: 'UNSUPPORTED', why: 'shop/hidden' })
        await session.run('DROP TABLE shop.hidden')
        await session.run(`SET GLOBAL ${MORE[family]} = ON`)
        await expect(check()).rejects.toMatchObject({ why: `${MORE[family]} = ON` })
        await session.close()
      })
    })
  },
)

/** Made while it is on, and so ever after: nothing that is asked of the server tells. */
const ONCE = {
  mysql: {
    on: ['SET GLOBAL innodb_undo_log_encrypt = ON', 'INSERT INTO shop.plain VALUES (1)'],
    off: 'SET GLOBAL innodb_undo_log_encrypt = OFF',
    names: /^undo_001, undo_002$/,
  },
  mariadb: {
    on: [
      'SET GLOBAL aria_encrypt_tables = ON',
      'CREATE TABLE shop.hidden (id INT PRIMARY KEY) ENGINE = Aria',
    ],
    off: 'SET GLOBAL aria_encrypt_tables = OFF',
    names: /^shop\/hidden$/,
  },
} as const

/** What a backup does after its first look, to the end of the copying. */
async function copied(
  engine: Engine,
  server: RunningServer,
  folder: string,
  between: () => unknown,
) {
  const { physicalBackups } = engine
  const source = await physicalBackups.check(server.administrator)
  await between()
  const workFolder = await mkdtemp(join(folder, 'work-'))
  const options = { connect: server.administrator, workFolder, since: null }
  const copy = await physicalBackups.start(
    { ...options, onStep: () => {}, onLeft: () => {}, now: () => new Date() },
    source,
  )
  try {
    for await (const part of copy.parts()) if (part.kind === 'block') part.release()
    return await copy.finish()
  } finally {
    await copy.close()
  }
}

test.each(TEST_ENGINES)(
  '%s: what was encrypted once, or becomes so while it is copied, is refused, too',
  async family => {
    await withFolder(async folder => {
      await withTableKey(family, join(folder, 'server'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        if (family === 'mysql') await session.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
        await session.run('CREATE DATABASE shop')
        await session.run('CREATE TABLE shop.plain (id INT PRIMARY KEY)')
        const encrypted = family === 'mysql' ? "ENCRYPTION = 'Y'" : 'ENCRYPTED = YES'
        const begins = () => session.run(`ALTER TABLE shop.plain ${encrypted}`)
        await expect(copied(engine, server, folder, begins)).rejects.toMatchObject({
          code: 'UNSUPPORTED',
          why: expect.stringMatching(/^shop\/plain\b/),
        })
        await session.run(
          `ALTER TABLE shop.plain ${family === 'mysql' ? "ENCRYPTION = 'N'" : 'ENCRYPTED = NO'}`,
        )
        await copied(engine, server, folder, () => {})
        for (const sql of ONCE[family].on) await session.run(sql)
        await session.run(ONCE[family].off)
        await expect(copied(engine, server, folder, () => {})).rejects.toMatchObject({
          code: 'UNSUPPORTED',
          why: expect.stringMatching(ONCE[family].names),
        })
        await session.close()
      })
    })
  },
)
