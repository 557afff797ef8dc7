import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchHeader } from '#domain/load/match-header'
import { Problem } from '#domain/load/problem'
import { RowBatchBuilder, readRows } from '#domain/load/row-batch'
import type { TableShape } from '#domain/load/table-shape'

const TABLE: TableShape = {
  name: 'notes',
  columns: [
    {
      name: 'id',
      kind: { type: 'integer', min: 0n, max: 2n ** 64n - 1n },
      nullable: false,
      optional: false,
      generated: false,
    },
    {
      name: 'note',
      kind: { type: 'text', maxCharacters: null, maxBytes: 1000, padded: false },
      nullable: true,
      optional: true,
      generated: false,
    },
  ],
  primaryKey: ['id'],
  references: [],
}
const PLAN = matchHeader('notes.csv', ['note', 'id'], [TABLE])

test('what goes into a batch comes out of it, whatever the text and however it is packed', () => {
  const note = fc.option(
    fc.string({ unit: fc.constantFrom('a', 'é', '🧸', '\t', '\n', '\r', '\\', 'N', '\0', '"') }),
  )
  const rows = fc.array(fc.tuple(note, fc.boolean()), { maxLength: 20 })
  fc.assert(
    fc.property(rows, notes => {
      const builder = new RowBatchBuilder(PLAN)
      for (const [place, [text, pack]] of notes.entries()) {
        const field = text === null ? null : Buffer.from(text).toString('latin1')
        expect(builder.add([field, String(place)], place + 2)).toBeNull()
        if (pack) builder.pack()
      }
      const batch = builder.take()
      const expected = notes.map(([text], place) => ({
        line: place + 2,
        values: [String(place), text],
      }))
      expect(readRows(batch, 0, batch.rows)).toEqual(expected)
      const middle = notes.length >> 1
      expect(readRows(batch, middle, batch.rows)).toEqual(expected.slice(middle))
      expect(batch.keyRange).toEqual(notes.length ? { low: 0, high: notes.length - 1 } : null)
      expect(builder.take().rows).toBe(0)
    }),
  )
})

test('a row that is refused leaves nothing behind', () => {
  const builder = new RowBatchBuilder(PLAN)
  expect(builder.add(['a', 'one'], 2)).toEqual(new Problem('id: "one" is no whole number'))
  expect(builder.add(['a'], 3)).toEqual(new Problem('has 1 fields, the header has 2'))
  expect(builder.add(['a', null], 4)).toEqual(new Problem('id: is NULL, and needs a value'))
  expect(builder.add(['\xff', '1'], 5)).toBeInstanceOf(Problem)
  expect(builder.take()).toMatchObject({ rows: 0, pieces: [] })
})

test('keys beyond what a number holds exactly have no range', () => {
  const builder = new RowBatchBuilder(PLAN)
  builder.add(['a', '9007199254740993'], 2)
  expect(builder.take().keyRange).toBeNull()
})
