import { expect, test } from 'vitest'
import { refuseElsewhere, startOptions } from '#engine/shared/physical/observe-source'

test('a private server never opens the files of the source, whose paths a setting has', () => {
  const options = { innodb_data_file_path: '--files', innodb_page_size: '--page' } as const
  const settings = {
    innodb_data_file_path: '/srv/data/ibdata1:12M;more/ibdata2:4M:autoextend:max:1G',
    innodb_page_size: '16384',
  }
  expect(startOptions(options, settings)).toEqual([
    '--files=ibdata1:12M;ibdata2:4M:autoextend:max:1G',
    '--page=16384',
  ])
})

test('what lies elsewhere is refused with what can be done about it', () => {
  const refusal = (paths: readonly string[]): string => {
    try {
      refuseElsewhere(paths)
      return ''
    } catch (error) {
      return JSON.stringify(error)
    }
  }
  expect(refusal([])).toBe('')
  expect(refusal(['/away/bank/t.ibd'])).toContain('DATA DIRECTORY')
  for (const path of ['/undo/undo001', '/undo/undo_001', '/undo/more.ibu', '/sys/ibdata1']) {
    const text = refusal(['/away/bank/t.ibd', path])
    expect(text).toContain(path)
    expect(text).toContain('innodb_undo_directory')
    expect(text).not.toContain('ALTER TABLE')
  }
})
