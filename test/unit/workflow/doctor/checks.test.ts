import { describe, expect, test } from 'vitest'
import type { Config } from '#config/config'
import { EcomdbError } from '#core/errors'
import { GIB, MIB } from '#core/units'
import { Flavor } from '#engine/flavor'
import { backupPrivileges } from '#workflow/doctor/checks/backup-privileges'
import { brokerSocket } from '#workflow/doctor/checks/broker-socket'
import { clockSkew } from '#workflow/doctor/checks/clock-skew'
import { copies } from '#workflow/doctor/checks/copies'
import { deleteRight } from '#workflow/doctor/checks/delete-right'
import { diskSpace } from '#workflow/doctor/checks/disk-space'
import { keyFiles } from '#workflow/doctor/checks/key-files'
import { operatorCode } from '#workflow/doctor/checks/operator-code'
import { privateKeys } from '#workflow/doctor/checks/private-keys'
import { recipients } from '#workflow/doctor/checks/recipients'
import { serverReachable } from '#workflow/doctor/checks/server-reachable'
import { serverVersion } from '#workflow/doctor/checks/server-version'
import { targetRepository } from '#workflow/doctor/checks/target-repository'
import { tools } from '#workflow/doctor/checks/tools'
import type { Check, DoctorFacts } from '#workflow/doctor/facts'

const config: Config = {
  file: '/etc/ecomdb.yaml',
  runsOn: 'all',
  server: { engine: 'auto', user: 'u', database: 'shop' },
  target: { place: { directory: '/b' }, media: null, offsite: false },
  copies: [],
  notify: null,
  broker: { socketPath: null, group: null, identityHost: 'localhost', sessionHost: 'localhost' },
  keys: { recipients: ['age1a', 'age1b'], trustedSigners: ['me'], identityFiles: [] },
  audit: { trustedSigners: [], anchors: [] },
}
const server = {
  flavor: Flavor.parse('10.11.19-MariaDB'),
  family: 'mariadb' as const,
  account: 'backup@%',
  place: '/s',
  now: new Date(0),
  skewMs: 0,
  privileges: { server: new Set<string>(['ALL PRIVILEGES']), database: new Set<string>() },
  databaseExists: true,
  dataBytes: 10 * GIB,
}
const room = { freeBytes: 100 * GIB, totalBytes: 200 * GIB }
const target = {
  label: '/b',
  refusal: null,
  space: room,
  mountPoint: '/',
  canRemove: true,
  lock: null,
  repository: { fact: { id: 'r1' } },
}
const healthy: DoctorFacts = {
  broker: null,
  copies: [],
  operators: null,
  now: new Date(0),
  config: { fact: config },
  server: { fact: server },
  target: { fact: target },
  tools: [],
  keyFiles: [],
  signer: 'me',
  privateKeys: [],
  wrongRecipient: null,
  replacedRecipients: [],
  sealingKeys: [],
  state: { folder: '/state', space: room },
}

const statuses = (check: Check, facts: Partial<DoctorFacts>): string[] =>
  check({ ...healthy, ...facts }).map(({ status }) => status)

describe('clock', () => {
  test.each([
    [5_000, 'ok'],
    [5_001, 'warn'],
    [-5_001, 'warn'],
  ])('%i ms', (skewMs, status) => {
    expect(statuses(clockSkew, { server: { fact: { ...server, skewMs } } })).toEqual([status])
  })
})

describe('disk space', () => {
  test.each([
    [11 * GIB, 'ok'],
    [9 * GIB, 'warn'],
    [100 * MIB, 'fail'],
  ])('%i bytes free for 10 GiB of data', (freeBytes, status) => {
    const space = { freeBytes, totalBytes: 200 * GIB }
    expect(statuses(diskSpace, { target: { fact: { ...target, space } } })).toEqual([status, 'ok'])
    expect(statuses(diskSpace, { state: { folder: '/', space } })).toEqual(['ok', status])
  })
})

describe('privileges', () => {
  const holding = (onServer: string[], onDatabase: string[] = []): Partial<DoctorFacts> => ({
    server: {
      fact: {
        ...server,
        privileges: { server: new Set(onServer), database: new Set(onDatabase) },
      },
    },
  })
  const all = [
    'SELECT',
    'SHOW VIEW',
    'TRIGGER',
    'EVENT',
    'PROCESS',
    'LOCK TABLES',
    'RELOAD',
    'REPLICATION SLAVE',
    'BINLOG MONITOR',
    'SLAVE MONITOR',
  ]

  test('all that a backup uses', () => {
    expect(statuses(backupPrivileges, holding(all))).toEqual(['ok'])
  })
  test('a required one is missing', () => {
    const [finding] = backupPrivileges({ ...healthy, ...holding(all.slice(1)) })
    expect(finding).toEqual({
      status: 'fail',
      subject: 'privileges',
      detail: 'backup@% lacks SELECT: read rows and accounts',
      next: "as an administrator: GRANT SELECT ON *.* TO 'backup'@'%'",
    })
  })
  test('a required one is held on the schema only', () => {
    expect(statuses(backupPrivileges, holding(all.slice(1), ['SELECT']))).toEqual(['warn'])
  })
  test('one that makes it better is missing', () => {
    expect(statuses(backupPrivileges, holding(all.slice(0, -1)))).toEqual(['warn'])
  })
})

test.each([
  ['vault', 'skip'],
  ['drill', 'skip'],
  ['database', 'fail'],
] as const)('a %s host without a server and recipients', (runsOn, status) => {
  const keys = { ...config.keys, recipients: [] }
  const facts = { config: { fact: { ...config, runsOn, keys } }, server: null }
  expect(statuses(recipients, facts)).toEqual([status])
  expect(statuses(serverReachable, facts)).toEqual(['skip'])
})

describe('keys', () => {
  test.each([
    ['all', false, 'ok'],
    ['drill', false, 'ok'],
    ['database', false, 'fail'],
    ['vault', false, 'fail'],
    ['all', true, 'warn'],
    ['database', true, 'warn'],
  ] as const)('a private key on a host that runs %s (escrow: %s)', (runsOn, escrow, status) => {
    const facts = { config: { fact: { ...config, runsOn } }, privateKeys: [{ path: '/k', escrow }] }
    expect(statuses(privateKeys, facts)).toEqual([status])
  })
  test.each([
    [['age1a', 'age1b'], 'ok'],
    [['age1a', 'age1a'], 'warn'],
    [[], 'fail'],
  ])('recipients %j', (keys, status) => {
    const facts = { config: { fact: { ...config, keys: { ...config.keys, recipients: keys } } } }
    expect(statuses(recipients, facts)).toEqual([status])
    const wrongRecipient = '"age1x" is not an age recipient'
    expect(statuses(recipients, { ...facts, wrongRecipient })).toEqual(['fail'])
  })
  test('one recipient that is wished so', () => {
    const keys = { ...config.keys, recipients: ['age1a'], singleRecipient: true }
    expect(statuses(recipients, { config: { fact: { ...config, keys } } })).toEqual(['ok'])
  })
  test('a key file that cannot be used, and a signer that is not trusted', () => {
    const error = new EcomdbError('SECRET_MISSING', { what: 'it is open' })
    const facts = { keyFiles: [{ path: '/k', purpose: 'p', error }], signer: 'stranger' }
    expect(statuses(keyFiles, facts)).toEqual(['fail', 'fail'])
  })
})

test('a broker that nobody should trust, that does not run, and that does', () => {
  const broker = { socketPath: '/run/b.sock', distrust: null, listens: true }
  expect(statuses(brokerSocket, {})).toEqual([])
  expect(statuses(brokerSocket, { broker })).toEqual(['ok'])
  expect(statuses(brokerSocket, { broker: { ...broker, listens: false } })).toEqual(['warn'])
  const open = { ...broker, distrust: 'others can write to /run', listens: false }
  expect(statuses(brokerSocket, { broker: open })).toEqual(['fail'])
})

test('an old server is a warning', () => {
  const flavor = Flavor.parse('10.5.9-MariaDB')
  expect(statuses(serverVersion, { server: { fact: { ...server, flavor } } })).toEqual(['warn'])
})

test('a target that cannot be written, and one without a repository', () => {
  const refusal = 'EROFS: read-only file system'
  expect(statuses(targetRepository, { target: { fact: { ...target, refusal } } })).toEqual(['fail'])
  const repository = { error: new EcomdbError('REPOSITORY_NOT_FOUND', { what: 'none', why: 'x' }) }
  const facts = { target: { fact: { ...target, repository } } }
  expect(statuses(targetRepository, facts)).toEqual(['fail'])
})

test('a program that is needed is a warning, another is not', () => {
  const tool = { name: 'x', purpose: 'p', path: null }
  const facts = {
    tools: [
      { ...tool, needed: true },
      { ...tool, needed: false },
    ],
  }
  expect(statuses(tools, facts)).toEqual(['warn', 'ok'])
})

test('a recipient that a rotation has replaced fails', () => {
  expect(statuses(recipients, {})).toEqual(['ok'])
  expect(statuses(recipients, { replacedRecipients: ['age1a'] })).toEqual(['fail'])
})

test('a database host that can remove its backups fails; under a lock that nobody lifts it is warned', () => {
  const onDatabase = { ...config, runsOn: 'database' as const }
  const judged = (change: object) => {
    const facts = {
      ...healthy,
      config: { fact: onDatabase },
      target: { fact: { ...target, ...change } },
    }
    return deleteRight(facts).map(({ status }) => status)
  }
  expect(deleteRight(healthy)).toEqual([])
  expect(judged({})).toEqual(['fail'])
  expect(judged({ canRemove: false })).toEqual(['ok'])
  expect(judged({ canRemove: undefined })).toEqual(['warn'])
  const compliance = { lock: { mode: 'compliance', days: 30 } }
  const governance = { lock: { mode: 'governance', days: 30 } }
  expect(judged({ ...compliance, canRemove: false })).toEqual(['ok'])
  expect(judged({ ...compliance, canRemove: undefined })).toEqual(['ok'])
  // A lock ends, and one of governance is bypassed.
  expect(judged(compliance)).toEqual(['warn'])
  expect(judged(governance)).toEqual(['fail'])
  expect(judged({ ...governance, canRemove: false })).toEqual(['ok'])
})

test('a copy that was not brought up to date fails when it is too old', () => {
  const one = { name: 'disks', maxAgeMs: 8 * 86_400_000 }
  const now = new Date('2026-11-20T12:00:00Z')
  const judged = (lastSeenAt: string | null) =>
    copies({ ...healthy, now, copies: [{ ...one, lastSeenAt }] }).map(({ status }) => status)
  expect(judged(null)).toEqual(['warn'])
  expect(judged('2026-11-19T12:00:00Z')).toEqual(['ok'])
  expect(judged('2026-11-01T12:00:00Z')).toEqual(['fail'])
})

test("operator's code: nothing where it is not asked for; a warning where others can switch it off", () => {
  const asked = { commands: ['restore'], people: [], loose: [] }
  expect(statuses(operatorCode, {})).toEqual([])
  expect(statuses(operatorCode, { operators: { ...asked, commands: [] } })).toEqual([])
  expect(statuses(operatorCode, { operators: asked })).toEqual(['ok'])
  const loose = { ...asked, people: ['dana'], loose: ['/etc/ecomdb/totp.yaml'] }
  const [found] = operatorCode({ ...healthy, operators: loose })
  expect(found).toMatchObject({
    status: 'warn',
    detail: expect.stringMatching(/of dana, before restore; but .*totp\.yaml is not asked/),
  })
})
