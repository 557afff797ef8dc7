import { expect, test } from 'vitest'
import { bytesOfMarked, fromMarked, markedBytes, markedText } from '#engine/shared/sjis-backslash'

/** What both servers make of these bytes and letters. */
const LETTERS: readonly (readonly [bytes: string, letter: string])[] = [
  ['\x94\x5c', '能'],
  ['\xe0\x81', '逓'],
  ['\x5f', '_'],
  ['\x81\x5f', '\\'],
]

function converted(bytes: Buffer): string {
  return LETTERS.reduce((text, [from, to]) => text.replaceAll(from, to), bytes.toString('latin1'))
}

test('a backslash and the full-width one stay apart, whatever the bytes beside them', () => {
  // The second byte of one letter and the first of the next are no letter.
  const stored = Buffer.from("'a\\n\x81\x5f\x94\x5c\xe0\x81\x5f'", 'latin1')
  const text = fromMarked('sjis', converted(markedBytes('sjis', stored)))
  expect(text).toBe("'a\\n＼能逓_'")
  const sent = LETTERS.toReversed().reduce(
    (bytes, [to, from]) => bytes.replaceAll(from, to),
    markedText('sjis', text),
  )
  expect(bytesOfMarked('sjis', Buffer.from(sent, 'latin1'))).toEqual(stored)
})

test('other sets are left alone', () => {
  const bytes = Buffer.from('\x81\x5f\\', 'latin1')
  expect(markedBytes('cp932', bytes)).toBe(bytes)
  expect(bytesOfMarked('cp932', bytes)).toBe(bytes)
  expect(fromMarked('cp932', markedText('cp932', '＼\\'))).toBe('＼\\')
})
