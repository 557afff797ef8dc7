import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CliResult, runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { administer, sharedServer } from '#test/servers'
import { makeFolder } from '#test/temporary'

/** One table is enough for the command line; the attacks are in test/integration/workflow/audit. */
describe.each(TEST_ENGINES)('%s', family => {
  const database = `shop_${randomBytes(4).toString('hex')}`
  const store = `audit_${randomBytes(4).toString('hex')}`
  let folder: string
  let environment: Record<string, string>
  const run = (...args: string[]): Promise<CliResult> =>
    runEcomdb(args, { env: environment, cwd: folder })

  beforeAll(async () => {
    const { server } = await sharedServer(family)
    folder = await makeFolder()
    await mkdir(join(folder, 'anchor'))
    await writeFile(join(folder, 'policy.yaml'), 'tables: [chats]\nwriters: [{user: chat}]\n')
    await writeFile(
      join(folder, 'ecomdb.yaml'),
      `server: {socket: ${server.socketPath}, user: root, database: ${database}}\n` +
        'audit: {policy: policy.yaml, anchors: [{directory: anchor}]}\n',
    )
    environment = { ECOMDB_AUDIT_DATABASE: store, ECOMDB_ACCESS_DATABASE: `${store}_access` }
    await administer(
      family,
      `CREATE DATABASE ${database}`,
      `CREATE TABLE ${database}.chats (id INT PRIMARY KEY, said TEXT) ENGINE = InnoDB`,
      `INSERT INTO ${database}.chats VALUES (1, 'hello'), (2, NULL)`,
    )
  })

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true })
    await administer(
      family,
      `DROP DATABASE IF EXISTS ${database}`,
      `DROP DATABASE IF EXISTS ${store}`,
      `DROP DATABASE IF EXISTS ${store}_access`,
      `DROP USER IF EXISTS ${store}@localhost`,
    )
  })

  test('is installed, sealed, verified, and finds who is no writer', async () => {
    expect((await run('key', 'rotate', 'audit')).stdout).toContain('audit.trusted_signers')
    expect((await run('audit', 'install')).stdout).toContain('baseline    chats: 2 rows')
    expect((await run('audit', 'seal')).stdout).toContain('sealed 2 events in 1 batch')
    expect((await run('audit', 'status')).stdout).toMatch(/audited {2}chats\n.*batch 1 at/)
    const clean = await run('audit', 'verify', '--json')
    expect(clean.json().result).toMatchObject({
      checked: { batches: 1, events: 2, rows: 2, unsealed: 0 },
      findings: [],
      notes: [],
    })
    await administer(family, `UPDATE ${database}.chats SET said = 'never said' WHERE id = 1`)
    expect((await run('audit', 'seal')).stdout).toContain('sealed 1 event in 1 batch')
    const found = await run('audit', 'verify')
    expect(found.status).toBe(3)
    expect(found.stdout).toContain(
      'EDITED BY chats 1: root@localhost, who is no writer, updated it (batch 2)',
    )
    expect((await run('audit', 'uninstall', '--confirm', database)).stdout).toContain('trail stays')
  }, 180_000)
})
