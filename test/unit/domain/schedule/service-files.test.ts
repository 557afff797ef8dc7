import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { shellWord } from '#core/shell-word'
import {
  crontabBlock,
  type ServicePlace,
  systemdUnits,
  withCrontabBlock,
} from '#domain/schedule/service-files'
import { onPath } from '#process/program'
import { runProgram } from '#process/run-program'

const PLACE: ServicePlace = {
  ...{ name: 'ecomdb', key: '0123456789ab', user: 'root', usesTmp: false },
  ...{ program: '/bin/true', configFile: '/etc/my shop 100%/ecomdb.yaml' },
  ...{ stateFolder: '/var/lib/ecomdb', cacheFolder: '/var/cache/ecomdb', path: '/usr/bin:/bin' },
  writes: ['/srv/back ups'],
}

const hasVerify = await runProgram(onPath('systemd-analyze'), ['--version']).then(
  () => true,
  () => false,
)

// Where systemd-analyze is not installed, nobody can check the units.
test.skipIf(!hasVerify)('systemd finds nothing wrong with the units', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ecomdb-test-'))
  try {
    const units = systemdUnits(PLACE)
    for (const { name, text } of units) await writeFile(join(folder, name), text)
    const { stderr } = await runProgram(onPath('systemd-analyze'), [
      'verify',
      '--man=no',
      ...units.map(({ name }) => join(folder, name)),
    ])
    expect(stderr).toBe('')
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
