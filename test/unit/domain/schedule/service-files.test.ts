import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { shellWord } from '#core/shell-word'
import {
  configOfUnit,
  crontabBlock,
  mountedBelow,
  type ServicePlace,
  systemdUnits,
  withCrontabBlock,
} from '#domain/schedule/service-files'
import { verifyUnits, whyNoSystemd } from '#test/systemd'

const PLACE: ServicePlace = {
  ...{ name: 'ecomdb', key: '0123456789ab', user: 'root', usesTmp: false },
  ...{ program: '/bin/true', configFile: '/etc/my shop 100%/ecomdb.yaml' },
  ...{ stateFolder: '/var/lib/ecomdb', cacheFolder: '/var/cache/ecomdb', path: '/usr/bin:/bin' },
  writes: ['/srv/back ups'],
}

test('systemd finds nothing wrong with the units', async context => {
  const missing = await whyNoSystemd()
  if (missing) return context.skip(missing)
  const folder = await mkdtemp(join(tmpdir(), 'ecomdb-test-'))
  try {
    const units = systemdUnits(PLACE)
    for (const { name, text } of units) await writeFile(join(folder, name), text)
    expect(await verifyUnits(units.map(({ name }) => join(folder, name)))).toBe('')
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('units quote what they are given, and the service has few rights', () => {
  const [service] = systemdUnits(PLACE)
  expect(service?.text).toContain(
    'ExecStart=/bin/true schedule run --config "/etc/my shop 100%%/ecomdb.yaml"',
  )
  expect(service?.text).toContain('ReadWritePaths="-/srv/back ups"')
  expect(service?.text).toMatch(/^ProtectSystem=strict$/m)
  expect(service?.text).toMatch(/^CapabilityBoundingSet=$/m)
})

test.each([PLACE.configFile, '/etc/ecomdb/ecomdb.yaml', '/srv/a "b" \\ $5 50%%/--config x.yaml'])(
  'a unit says which configuration it is of: %s',
  configFile => {
    const [schedule, status, timer] = systemdUnits({ ...PLACE, configFile })
    expect([schedule, status].map(unit => configOfUnit(unit?.text ?? ''))).toEqual([
      configFile,
      configFile,
    ])
    expect(configOfUnit(timer?.text ?? '')).toBeNull()
  },
)

test('of a disk that comes and goes the folder that it is mounted below is bound', () => {
  expect(mountedBelow('/mnt/backup-disk/shop')).toBe('/mnt')
  expect(mountedBelow('/run/media/dba/DISK')).toBe('/run/media')
})

test("the crontab's other lines stay as they are", () => {
  const block = crontabBlock(PLACE, shellWord)
  expect(block).toContain("--config '/etc/my shop 100\\%/ecomdb.yaml' >/dev/null")
  const own = 'MAILTO=dba\n0 1 * * * /usr/bin/true\n'
  const installed = withCrontabBlock(own, PLACE.key, block)
  expect(installed).toBe(`${own}${block}\n`)
  expect(withCrontabBlock(installed, PLACE.key, block)).toBe(installed)
  expect(withCrontabBlock(installed, PLACE.key, null)).toBe(own)
  expect(withCrontabBlock(own, PLACE.key, null)).toBe(own)
  expect(withCrontabBlock('', 'other', block)).toBe(`${block}\n`)
})
