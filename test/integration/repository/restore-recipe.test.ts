import { spawnSync } from 'node:child_process'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { engineFor } from '#cli/wire'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { writeDedupKey, writeIdentity, writeSigningKey } from '#crypto/key-files'
import type { Manifest } from '#domain/backup/manifest'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import type { Session } from '#engine/session'
import { createRepository } from '#repository/repository'
import { createDirectoryTarget } from '#target/dir/directory-target'
import { TEST_ENGINES } from '#test/engines'
import { makeManySidedShop } from '#test/many-sided-shop'
import { followRecipe, inShell } from '#test/recipe'
import { makeKeys, type TestKeys } from '#test/snapshots'
import { withFolder } from '#test/temporary'
import { backUpLogically } from '#workflow/backup/back-up-logically'

// RESTORE.md, followed word for word: its shell blocks run in one POSIX shell that finds
// age, zstd, tar and the client, and nothing of ecomdb.

describe.each(TEST_ENGINES)('%s: RESTORE.md', family => {
  test('brings a snapshot back without ecomdb, and refuses what was changed', async () => {
    await withFolder(async folder => {
      const engine = await engineFor(family)
      const keys = await makeKeys()
      const source = await startServer(engine, join(folder, 'source'))
      try {
        const session = await engine.connect(source.administrator)
        await makeManySidedShop(session, family)
        await makeRefusable(session, family)
        await session.close()
        const made = await backUp(engine, source, folder, 'repository', keys)
        await writeIdentity(join(folder, 'escrow.txt'), keys.escrow, new Date())
        const restored = await startServer(engine, join(folder, 'restored'))
        try {
          if (family === 'mariadb') await expectNoOtherEngine(engine, folder, keys)
          const target = await engine.connect(restored.administrator)
          if (family === 'mariadb') await target.run("INSTALL SONAME 'ha_archive'")
          await target.run(SERVER.replace('192.0.2.1', '192.0.2.2'))
          await target.close()
          await follow(engine, restored, folder, keys)
          const again = await backUp(engine, restored, folder, 'again', keys)
          expectSame(again, made)
        } finally {
          await engine.scratchServers.remove(restored.folder)
        }
        await expectRefusals(engine, source, folder, keys)
      } finally {
        await engine.scratchServers.remove(source.folder)
      }
    })
  })
})

/**
 * What a server may refuse stands in the way of nothing: a server of that name, a view that is not
 * valid; and a database is READ ONLY again when all that is in it has been tried.
 */
async function makeRefusable(session: Session, family: EngineFamily): Promise<void> {
  await session.run(SERVER)
  // Only a session that is not strict makes it.
  await session.run('SET SESSION innodb_strict_mode = OFF')
  const columns = Array.from({ length: 250 }, (_, n) => `c${n} CHAR(40) CHARACTER SET latin1`)
  await session.run(`CREATE TABLE shop.wide (${columns.join(', ')}) ENGINE=InnoDB`)
  await session.run('CREATE TABLE mysql.of_old (id INT)')
  await session.run("CREATE USER 'of_old'@'localhost'")
  await session.run("GRANT SELECT ON mysql.of_old TO 'of_old'@'localhost'")
  await session.run('DROP TABLE mysql.of_old')
  if (family === 'mysql') {
    await session.run('CREATE DATABASE frozen')
    await session.run('CREATE TABLE frozen.t (id INT PRIMARY KEY)')
    await session.run('CREATE TABLE frozen.gone (id INT PRIMARY KEY)')
    await session.run('CREATE VIEW frozen.v AS SELECT id FROM frozen.gone')
    await session.run('DROP TABLE frozen.gone')
    await session.run('ANALYZE TABLE frozen.t UPDATE HISTOGRAM ON id')
    await session.run('ALTER DATABASE frozen READ ONLY = 1')
  } else {
    await session.run("INSTALL SONAME 'ha_archive'")
    await session.run('CREATE TABLE shop.archived (id INT) ENGINE=ARCHIVE')
  }
}

const SERVER =
  "CREATE SERVER there FOREIGN DATA WRAPPER mysql OPTIONS (HOST '192.0.2.1', DATABASE 'd', USER 'u', PORT 3306)"

async function startServer(engine: Engine, folder: string): Promise<RunningServer> {
  const serverOptions = ['--local-infile=ON']
  return await engine.scratchServers.start({ folder, tcp: false, purpose: 'drill', serverOptions })
}

/** A snapshot of the whole server in a new repository folder/name. */
async function backUp(
  engine: Engine,
  server: RunningServer,
  folder: string,
  name: string,
  keys: TestKeys,
): Promise<Manifest> {
  const target = await createDirectoryTarget(join(folder, name))
  const repository = await createRepository(target, systemClock)
  const [signingKeyFile, dedupKeyFile] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)]
  await writeSigningKey(signingKeyFile, keys.signingKey)
  await writeDedupKey(dedupKeyFile, keys.dedupKey)
  const { recipients, trustedSigners } = keys.options
  await backUpLogically(
    {
      engine,
      connect: server.administrator,
      target,
      keys: { recipients, trustedSigners, signingKeyFile, dedupKeyFile },
      databases: null,
      readers: 2,
      waitSeconds: 60,
      clock: systemClock,
    },
    silentProgress(),
  )
  const envelope = await repository.readEnvelope('latest', trustedSigners)
  return await repository.readManifest(envelope, [keys.escrow.identity])
}

async function follow(
  engine: Engine,
  server: RunningServer,
  folder: string,
  keys: TestKeys,
): Promise<void> {
  // As after a rotation of the signing key.
  const signers = [(await makeKeys()).signingKey.signer, keys.signingKey.signer]
  const done = await runRecipe(engine, server, folder, signers.join(' '))
  expect(`${done.stderr}${done.stdout}`).toContain('Signature Verified Successfully')
  expect(done.status, done.stderr).toBe(0)
  expect(done.stdout).toMatch(/^restored \S+$/m)
  // Printed, and no reason to stop.
  expect(done.stderr).toContain('ERROR 1476')
  expect(await readdir(join(folder, 'work'))).toEqual([])
}

/** A table whose engine is not there does not become one of another engine. */
async function expectNoOtherEngine(engine: Engine, folder: string, keys: TestKeys): Promise<void> {
  const poor = await startServer(engine, join(folder, 'poor'))
  try {
    const done = await runRecipe(engine, poor, folder, keys.signingKey.signer)
    expect(done.status).not.toBe(0)
    expect(done.stderr).toContain("Unknown storage engine 'ARCHIVE'")
  } finally {
    await engine.scratchServers.remove(poor.folder)
    await rm(join(folder, 'work'), { recursive: true })
  }
}

/** Another signer, an edited envelope, a damaged object: each stops before the server is touched. */
async function expectRefusals(
  engine: Engine,
  server: RunningServer,
  folder: string,
  keys: TestKeys,
): Promise<void> {
  const stranger = (await makeKeys()).signingKey.signer
  expect((await runRecipe(engine, server, folder, stranger)).status).not.toBe(0)
  const objects = spawnSync('find', [join(folder, 'repository/objects'), '-type', 'f'])
  const [victim] = objects.stdout.toString().trim().split('\n')
  spawnSync('sh', ['-c', 'printf x >> "$1"', 'sh', victim ?? ''])
  const damaged = await runRecipe(engine, server, folder, keys.signingKey.signer)
  expect(damaged.status).not.toBe(0)
  expect(damaged.stdout + damaged.stderr).toMatch(/FAILED/)
  expect(damaged.stderr).toContain('STOPPED')
}

async function runRecipe(engine: Engine, server: RunningServer, folder: string, signer: string) {
  return await followRecipe(join(folder, 'repository'), 'rows', {
    home: folder,
    IDENTITY: join(folder, 'escrow.txt'),
    WORK: join(folder, 'work'),
    CLIENT: inShell(engine.scratchServers.client(server)),
    SIGNER: signer,
  })
}

/** The snapshot of the restored server says what that of the source said. */
function expectSame(again: Manifest, made: Manifest): void {
  const rows = (manifest: Manifest): object =>
    manifest.tables.map(({ schema, name, create, rows, columns, chunks }) => ({
      ...{ schema, name, create, rows, columns },
      chunks: chunks.map(({ from, to, rows, bytes, hash }) => ({ from, to, rows, bytes, hash })),
    }))
  expect(rows(again)).toEqual(rows(made))
  expect(again.databases).toEqual(made.databases)
  // A view whose table is gone is refused, as it would be on the source.
  const valid = made.programs.filter(({ invalid }) => invalid === undefined)
  expect(again.programs).toEqual(valid.map(disabled))
  expect(again.probes).toEqual(made.probes)
  expect(again.accounts.map(unlocked)).toEqual(made.accounts.map(unlocked))
}

/** Events come back disabled. */
function disabled(program: Manifest['programs'][number]): Manifest['programs'][number] {
  if (program.kind !== 'event') return program
  return { ...program, create: program.create.replace(' ENABLE DO', ' DISABLE DO') }
}

/**
 * People's accounts come back locked. MariaDB lists a PROXY grant once more when it is given
 * to an account that has it, as root here, until it reads its tables again.
 */
function unlocked(account: Manifest['accounts'][number]): Manifest['accounts'][number] {
  const create = account.create.map(statement =>
    statement.replace(/ ACCOUNT UNLOCK/, '').replace(/ ACCOUNT LOCK/, ''),
  )
  // That table is gone: no server takes the grant.
  const grants = account.grants.filter(grant => !grant.includes('`of_old`'))
  return { ...account, create, grants: [...new Set(grants)].sort() }
}
