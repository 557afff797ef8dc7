import { expect, it } from 'vitest'
import { contentBytes } from '#domain/backup/physical-manifest'

it("counts no redo and no undo as a shop's content", () => {
  const paths = [
    ...['shop/chat.ibd', 'ibdata1', 'undo_001', 'undo001', 'more.ibu', 'shop/undo_1.ibd'],
    ...['ib_logfile0', '#innodb_redo/#ib_redo12', 'aria_log.00000001'],
  ]
  const content = new Set(['shop/chat.ibd', 'ibdata1', 'shop/undo_1.ibd'])
  const blocks = paths.map((_, file) => ({ file, bytes: 10 ** file }))
  const whole = blocks.map(block => ({ ...block, offset: 0, sha256: '', pack: 0, frame: 0, at: 0 }))
  const expected = blocks.filter(({ file }) => content.has(paths[file] ?? ''))

  expect(contentBytes({ files: paths.map(path => ({ path, bytes: 1 })), blocks: whole })).toBe(
    expected.reduce((sum, { bytes }) => sum + bytes, 0),
  )
})
