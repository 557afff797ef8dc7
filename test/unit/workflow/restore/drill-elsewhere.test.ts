import { expect, test } from 'vitest'
import { checkOf } from '#domain/backup/check'
import { refuseBlame, refuseNewerFiles } from '#workflow/restore/drill-elsewhere'

const result = (name: string, damaged: { path: string; problem: string }[] = []) => ({
  ...{ checks: [checkOf(name, 'is not', ['refused'])], damaged, restoredAt: 0 },
})
const elsewhere = { engine: 'mysql', sourceVersion: '8.0.46', scratchVersion: '9.7.4-2' } as const

test('what fails on a server of another series is no finding about the snapshot', () => {
  for (const name of ['restore', 'accounts', 'definitions', 'start', 'moment']) {
    expect(() => refuseBlame(result(name), elsewhere)).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED',
        what: expect.stringContaining('neither proved nor found bad'),
        hints: [expect.stringContaining('ECOMDB_MYSQL_BASEDIR')],
      }),
    )
  }
})

test('what is compared byte for byte is one, and all is on a server of the same series', () => {
  for (const name of ['rows', 'content', 'pages', 'blocks']) refuseBlame(result(name), elsewhere)
  refuseBlame(result('restore', [{ path: 'objects/aa/b', problem: 'gone' }]), elsewhere)
  refuseBlame(result('restore'), { ...elsewhere, scratchVersion: '8.0.12' })
})

test('files of a newer server are not tried', () => {
  refuseNewerFiles(elsewhere)
  const older = { ...elsewhere, sourceVersion: '9.7.4', scratchVersion: '8.4.10' }
  expect(() => refuseNewerFiles(older)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
})

test('nor is an older MySQL 8.0 than the files are of, where it does not start on them', () => {
  const refuse = (sourceVersion: string, scratchVersion: string) => () =>
    refuseNewerFiles({ engine: 'mysql', sourceVersion, scratchVersion })
  for (const [source, scratch] of [
    ['8.0.46', '8.0.34'],
    ['8.0.32-24', '8.0.9'],
  ] as const) {
    expect(refuse(source, scratch)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', why: expect.stringContaining('8.0.35') }),
    )
  }
  for (const [source, scratch] of [
    ['8.0.46', '8.0.35'],
    ['8.0.34', '8.0.34'],
    ['8.0.20', '8.0.34'],
    ['9.7.4', '9.7.1'],
    ['8.4.10', '8.4.1'],
  ] as const) {
    refuse(source, scratch)()
  }
})
