import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  canonicalRow,
  commitment,
  frame,
  frameTexts,
  keyText,
  unframe,
} from '#domain/audit/canonical'

const fields = fc.array(fc.option(fc.uint8Array({ maxLength: 40 })), { maxLength: 8 })

test('a frame gives its fields back', () => {
  fc.assert(
    fc.property(fields, row => {
      expect(unframe(frame(row))).toEqual(row.map(field => field && Buffer.from(field)))
    }),
  )
})

test('two rows have one frame only when they are equal', () => {
  fc.assert(
    fc.property(fields, fields, (one, other) => {
      const equal = JSON.stringify(one) === JSON.stringify(other)
      expect(frame(one).equals(frame(other))).toBe(equal)
    }),
  )
})

test('NULL is not the empty text, nor "~"', () => {
  expect(frameTexts([null, '', '~', 'ä']).toString()).toBe('~0:1:~2:ä')
})

test('what is no frame is refused', () => {
  for (const text of ['1', ':', '2:a', '01:a', 'x:a', '-1:a']) {
    expect(() => unframe(Buffer.from(text))).toThrow(RangeError)
  }
})

test('a commitment needs the salt', () => {
  const row = canonicalRow([Buffer.from('hello')], [{ encoding: 'text' }])
  expect(commitment(Buffer.alloc(16, 1), row)).not.toEqual(commitment(Buffer.alloc(16, 2), row))
  expect(commitment(Buffer.from('salt'), row).toString('hex')).toBe(
    commitment(Buffer.from('salt'), row).toString('hex'),
  )
})

test.each([
  [['decimal', 'text-sized', 'bytes-sized'], ',7,~,3,a,~'],
  [['decimal', 'text', 'bytes'], ',7,~,3:a,~'],
] as const)(
  'two rows of %s have one canonical form only when they are equal',
  (encodings, form) => {
    const layout = encodings.map(encoding => ({ encoding }))
    const number = fc.bigInt().map(value => Buffer.from(String(value)))
    const bytes = fc.uint8Array({ maxLength: 6 }).map(value => Buffer.from(value))
    const row = fc.tuple(fc.option(number), fc.option(bytes), fc.option(bytes))
    fc.assert(
      fc.property(row, row, (one, other) => {
        const equal = JSON.stringify(one) === JSON.stringify(other)
        expect(canonicalRow(one, layout).equals(canonicalRow(other, layout))).toBe(equal)
      }),
    )
    const fields = [Buffer.from('7'), null, Buffer.from('a,~')]
    expect(canonicalRow(fields, layout).toString()).toBe(form)
  },
)

test('a key is shown as people write it', () => {
  expect(keyText(frame([Buffer.from('17'), Buffer.from('ä b'), Buffer.of(0, 255)]))).toBe(
    '17, ä b, 0x00ff',
  )
})
