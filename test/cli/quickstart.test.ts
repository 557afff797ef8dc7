import { existsSync } from 'node:fs'
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import { runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'

let state: string
let env: Record<string, string>

beforeEach(async () => {
  state = await realpath(await mkdtemp(join(tmpdir(), 'ecomdb-test-')))
  // What the user has set up for the real server must not matter, nor be touched.
  env = {
    ECOMDB_STATE: state,
    ECOMDB_HOST: '192.0.2.1',
    ECOMDB_DATABASE: 'real',
    ECOMDB_TARGET: '/',
  }
})

afterEach(async () => {
  const { sandboxes } = (await runEcomdb(['sandbox', 'status', '--json'], { env })).json().result
  for (const { engine, name } of sandboxes) {
    const which = ['--engine', engine, '--name', name, '--confirm', name]
    await runEcomdb(['sandbox', 'remove', ...which], { env })
  }
  await rm(state, { recursive: true })
})

describe.each(TEST_ENGINES)('ecomdb quickstart --engine %s', engine => {
  test('does the whole loop, and does it again without changing anything', async () => {
    const args = ['quickstart', '--engine', engine, '--scale', '0.002']
    const first = await runEcomdb(args, { env })
    expect(first.stderr).not.toContain('error')
    expect(first.stdout).toMatch(/^proved: [\d,]+ rows, \d+ objects, RTO [\d.]+ s$/m)
    expect(first.stdout).toMatch(/order_performance\('2013-11-01', '2013-12-31'\): \d+ orders/)
    expect(first.stdout).toContain('where to look next')
    expect(first.status).toBe(0)

    const again = await runEcomdb([...args, '--json'], { env })
    const { result } = again.json()
    expect(again.status).toBe(0)
    expect(result).toMatchObject({ engine, migrations: 0, drill: { outcome: 'passed' } })
    expect(result.load).toMatchObject({ loaded: 0, rejected: 0 })
    expect(result.load.present).toBeGreaterThan(9000)
    expect(result.drill.rows).toBe(result.backup.rows)
    expect(result.backup.stored.reused).toBeGreaterThan(0)
    expect(await readFile(join(result.folder, 'drill.html'), 'utf8')).toContain('<html')
    expect(existsSync(join(result.folder, 'repository/RESTORE.md'))).toBe(true)

    const config = join(result.folder, 'ecomdb.yaml')
    const list = await runEcomdb(['backup', 'list', '-c', config, '--json'], {
      env: { ECOMDB_STATE: state },
    })
    expect(list.json().result.snapshots).toHaveLength(2)
  })

  test("loads the shop's own exports where they are", async t => {
    const beside = join(packageRoot(), '../shared/data/bear-builders')
    const data = process.env['ECOMDB_SHOP_DATA'] ?? beside
    if (!existsSync(data)) return t.skip(`the shop's exports are not here (${data})`)
    const run = await runEcomdb(['quickstart', '--engine', engine, '--json'], {
      env: { ...env, ECOMDB_SHOP_DATA: data },
    })
    const { result } = run.json()
    expect(run.status).toBe(0)
    expect(result.orders).toMatchObject({ totalOrders: 1908, revenue: '104893.62' })
    expect(result.load.rejected).toBe(5)
    expect(await readFile(result.load.rejectsFile, 'utf8')).toContain('order_item_refund')
    expect(result.drill.outcome).toBe('passed')
  })
})

test('a scale that is none is refused before anything is made', async () => {
  const run = await runEcomdb(['quickstart', '--scale', 'much'], { env })
  expect(run.status).toBe(2)
  expect(existsSync(join(state, 'sandbox'))).toBe(false)
})
