import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engineFor } from '#cli/wire'
import type { Engine } from '#engine/engine'
import type { ConsistentPoint } from '#engine/logical-reader'
import type { RunningServer } from '#engine/scratch-server'
import type { Session } from '#engine/session'
import { TEST_ENGINES } from '#test/engines'
import { makeFolder } from '#test/temporary'

describe.each(TEST_ENGINES)('%s: what the account of a backup may not see', family => {
  let engine: Engine
  let server: RunningServer
  let admin: Session
  let folder: string

  beforeAll(async () => {
    engine = await engineFor(family)
    folder = await makeFolder()
    server = await engine.scratchServers.start({
      folder: `${folder}/server`,
      tcp: false,
      purpose: 'sandbox',
    })
    admin = await engine.connect(server.administrator)
    await admin.run('CREATE DATABASE bank')
    await admin.run('CREATE TABLE bank.t (id INT PRIMARY KEY)')
    await admin.run("CREATE USER narrow@localhost IDENTIFIED BY ''")
    await admin.run(
      'GRANT SELECT, SHOW VIEW, EVENT, TRIGGER, EXECUTE ON bank.* TO narrow@localhost',
    )
  })

  afterAll(async () => {
    await admin.close()
    await engine.scratchServers.remove(`${folder}/server`)
    await rm(folder, { recursive: true })
  })

  async function point(databases: readonly string[] | null = ['bank']): Promise<ConsistentPoint> {
    const connect = { ...server.administrator, user: 'narrow' }
    const made = await engine.logicalReader.openConsistent({ connect, databases, readers: 2 })
    await made.close()
    return made
  }

  test('the accounts are refused with the one grant that shows them', async () => {
    // Tables of accounts by name are not enough: SHOW CREATE USER wants the whole database.
    const table = family === 'mysql' ? 'user' : 'global_priv'
    await admin.run(`GRANT SELECT ON mysql.${table} TO narrow@localhost`)
    await expect(point()).rejects.toMatchObject({
      code: 'PRIVILEGE_MISSING',
      why: 'it lacks SELECT on mysql',
      hints: expect.arrayContaining([
        'as an administrator: GRANT SELECT ON `mysql`.* TO the account',
      ]),
    })
    await expect(point(null)).rejects.toMatchObject({
      why: expect.stringMatching(/^it lacks SELECT, SHOW VIEW, TRIGGER, EVENT.* on \*\.\*$/),
    })
    await admin.run('GRANT SELECT ON mysql.* TO narrow@localhost')
    expect((await point()).catalog.accounts.map(({ user }) => user)).toContain('narrow')
  })

  if (family === 'mysql')
    test('resource groups are named', async () => {
      await admin.run('CREATE RESOURCE GROUP batch TYPE = USER VCPU = 0')
      await admin.run('CREATE RESOURCE GROUP own_system TYPE = SYSTEM VCPU = 0')
      const unseen = await point()
      expect(unseen.findings).toEqual([
        expect.stringMatching(/^resource groups: not in this backup, .* RESOURCE_GROUP_USER$/),
      ])
      await admin.run('GRANT RESOURCE_GROUP_USER ON *.* TO narrow@localhost')
      const users = await point()
      expect(users.findings).toEqual([])
      expect(users.catalog.serverObjects.map(({ name }) => name)).toEqual(['batch'])
      await admin.run('GRANT SELECT ON performance_schema.* TO narrow@localhost')
      const [thread] = await admin.rows(
        "SELECT THREAD_ID AS id FROM performance_schema.threads WHERE TYPE = 'BACKGROUND' LIMIT 1",
      )
      await admin.run(`SET RESOURCE GROUP own_system FOR ${thread?.['id']}`)
      expect((await point()).findings).toEqual([
        expect.stringMatching(
          /^resource group own_system: not in this backup, .* RESOURCE_GROUP_ADMIN$/,
        ),
      ])
      await admin.run('GRANT RESOURCE_GROUP_ADMIN ON *.* TO narrow@localhost')
      const all = await point()
      expect(all.findings).toEqual([])
      expect(all.catalog.serverObjects.map(({ name }) => name)).toEqual(['batch', 'own_system'])
    })
})
