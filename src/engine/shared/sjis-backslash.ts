/**
 * In the character set sjis both engines read the byte 5C and the letter ＼ (81 5F) as a backslash,
 * and write a backslash as ＼ (measured on MySQL 9.7 and MariaDB 10.11): in what they convert, an
 * escape would come back as a letter. So marks stand in for both while a server converts.
 */
const FULL_WIDTH = '\u0001'
const BACKSLASH = '\u0002'

const LETTER = Buffer.from([0x81, 0x5f])

export const isSjis = (characterSet: string): boolean => characterSet === 'sjis'

/** Bytes whose conversion from the set tells ＼ from a backslash: see `fromMarked`. */
export function markedBytes(characterSet: string, bytes: Buffer): Buffer {
  const hasMarks = bytes.includes(FULL_WIDTH) || bytes.includes(BACKSLASH)
  if (!isSjis(characterSet) || hasMarks || !bytes.includes(LETTER)) return bytes
  const marked: number[] = []
  let at = 0
  while (at < bytes.length) {
    const [byte = 0, next = 0] = bytes.subarray(at)
    const isPair = isLead(byte) && next >= 0x40
    if (byte === LETTER[0] && next === LETTER[1]) marked.push(FULL_WIDTH.charCodeAt(0))
    else marked.push(...bytes.subarray(at, at + (isPair ? 2 : 1)))
    at += isPair ? 2 : 1
  }
  return Buffer.from(marked)
}

/** The text of marked bytes, as the server has converted it. */
export function fromMarked(characterSet: string, text: string): string {
  return isSjis(characterSet) ? text.replaceAll(FULL_WIDTH, '＼') : text
}

/** A text whose conversion into the set keeps its backslashes: see `bytesOfMarked`. */
export function markedText(characterSet: string, text: string): string {
  if (!isSjis(characterSet)) return text
  return text.replaceAll('\\', BACKSLASH).replaceAll('＼', FULL_WIDTH)
}

/** The bytes of a marked text, as the server has converted it. No letter has a mark as its byte. */
export function bytesOfMarked(characterSet: string, bytes: Buffer): Buffer {
  if (!isSjis(characterSet)) return bytes
  const text = bytes.toString('latin1')
  const letter = LETTER.toString('latin1')
  return Buffer.from(text.replaceAll(BACKSLASH, '\\').replaceAll(FULL_WIDTH, letter), 'latin1')
}

/** Is it the first of the two bytes of a letter? */
function isLead(byte: number): boolean {
  return (byte >= 0x81 && byte <= 0x9f) || (byte >= 0xe0 && byte <= 0xfc)
}
