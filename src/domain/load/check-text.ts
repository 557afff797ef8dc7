import { isUtf8 } from 'node:buffer'
import { type Checked, Problem } from './problem.ts'

/** Anything but plain ASCII. The values are latin1: a character per byte. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the ASCII range
const BEYOND_ASCII = /[^\x00-\x7f]/

/**
 * Text that fits: valid UTF-8, not longer than the column. Lengths of VARCHAR count
 * characters, those of TEXT bytes.
 */
export function textCheck(
  maxCharacters: number | null,
  maxBytes: number | null,
  padded: boolean,
): (value: string) => Checked {
  return given => {
    const value = padded ? given.replace(/ +$/, '') : given
    if (maxBytes !== null && value.length > maxBytes) {
      return new Problem(`has ${value.length} bytes, ${maxBytes} fit`)
    }
    const plain = !BEYOND_ASCII.test(value)
    if (!plain && !isUtf8(Buffer.from(value, 'latin1'))) return new Problem('is not valid UTF-8')
    if (maxCharacters === null || value.length <= maxCharacters) return value
    const characters = plain ? value.length : countCharacters(value)
    if (characters <= maxCharacters) return value
    return new Problem(`has ${characters} characters, ${maxCharacters} fit`)
  }
}

/** Characters of UTF-8 bytes: all bytes but those that go on with one (10xxxxxx). */
function countCharacters(bytes: string): number {
  let count = 0
  for (let place = 0; place < bytes.length; place++) {
    if ((bytes.charCodeAt(place) & 0xc0) !== 0x80) count += 1
  }
  return count
}

/** One member, in the case that the column declares. */
export function enumCheck(members: readonly string[]): (value: string) => Checked {
  const find = memberFinder(members)
  return value => find(value) ?? new Problem(`is none of ${members.join(', ')}`)
}

/** Members with commas between them, in the column's own order. */
export function setCheck(members: readonly string[]): (value: string) => Checked {
  const find = memberFinder(members)
  const bytes = members.map(bytesOf)
  return value => {
    if (value === '') return ''
    const chosen = new Set<string>()
    for (const part of value.split(',')) {
      const member = find(part)
      if (member === undefined) return new Problem(`is no set of ${members.join(', ')}`)
      chosen.add(member)
    }
    return bytes.filter(member => chosen.has(member)).join(',')
  }
}

const bytesOf = (text: string): string => Buffer.from(text).toString('latin1')

function memberFinder(members: readonly string[]): (value: string) => string | undefined {
  const exact = new Map(members.map(member => [bytesOf(member), bytesOf(member)]))
  const folded = new Map(members.map(member => [member.toLowerCase(), bytesOf(member)]))
  return value =>
    exact.get(value) ?? folded.get(Buffer.from(value, 'latin1').toString().toLowerCase())
}
