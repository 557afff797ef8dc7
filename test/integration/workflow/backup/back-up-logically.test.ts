import { expect, test } from 'vitest'
import type { Manifest } from '#domain/backup/manifest'
import type { Session } from '#engine/session'
import { BackupPlace, withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withFolder } from '#test/temporary'

/** 128 KiB a row, so that 16 MiB are few rows. */
const WIDE = "REPEAT(CONCAT(id, ' wide '), 16384)"

test.each(TEST_ENGINES)(
  '%s: a table that grows is stored once, and what is new besides',
  async family => {
    await withFolder(async folder => {
      const place = await BackupPlace.make(`${folder}/place`, family)
      await withServer(family, `${folder}/server`, async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('USE shop')
        await session.run('CREATE TABLE events (id BIGINT PRIMARY KEY, text LONGTEXT)')
        await session.run('CREATE TABLE keyless (word VARCHAR(20))')
        await session.run("INSERT INTO keyless VALUES ('b'), ('a'), ('b'), (NULL)")
        await addEvents(session, 1, 700)
        const first = await place.report(server)
        const before = await newest(place)
        // Within the last step of 128 keys, whose parts have 8.
        await addEvents(session, 701, 50)
        const second = await place.report(server)
        const after = await newest(place)

        expect(first.stored.reused).toBe(0)
        expect(second.stored.reused).toBeGreaterThan(3)
        expect(second.stored.objects).toBeLessThanOrEqual(50 / 8 + 2)
        expect(second.rows - first.rows).toBe(50)
        const [old, grown] = [eventsOf(before), eventsOf(after)]
        expect(grown.chunkStep).toBe(old.chunkStep)
        expect(grown.chunks.slice(0, old.chunks.length - 1)).toEqual(old.chunks.slice(0, -1))
        expect(grown.rows).toBe(750)
        expect(after.tables.find(({ name }) => name === 'keyless')).toMatchObject({
          rows: 4,
          key: null,
          chunks: [{ from: null, to: null, rows: 4, hash: { kind: 'additive' } }],
        })
        await session.close()
      })
    })
  },
)

async function addEvents(session: Session, from: number, count: number): Promise<void> {
  for (let id = from; id < from + count; id += 50) {
    const rows = Array.from({ length: 50 }, (_, n) => `SELECT ${id + n} AS id`).join(' UNION ALL ')
    await session.run(`INSERT INTO events SELECT id, ${WIDE} FROM (${rows}) AS ids`)
  }
}

async function newest(place: BackupPlace): Promise<Manifest> {
  const { repository, trustedSigners, identities } = await place.access()
  return await repository.readManifest(
    await repository.readEnvelope('latest', trustedSigners),
    identities,
  )
}

function eventsOf(manifest: Manifest) {
  const table = manifest.tables.find(({ name }) => name === 'events')
  if (!table) throw new Error('no table events')
  // Without gaps, from minus to plus infinity.
  expect(table.chunks[0]?.from).toBeNull()
  expect(table.chunks.at(-1)?.to).toBeNull()
  for (const [index, { to }] of table.chunks.slice(0, -1).entries()) {
    expect(table.chunks[index + 1]?.from).toBe(to)
  }
  expect(table.chunks.reduce((sum, { rows }) => sum + rows, 0)).toBe(table.rows)
  return table
}
