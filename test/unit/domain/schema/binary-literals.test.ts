import { expect, test } from 'vitest'
import { withBinaryLiteralsAsHex } from '#domain/schema/binary-literals'

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

test('a default that is no UTF-8 becomes hexadecimal; everything else stays', () => {
  const printed = bytes(
    "CREATE TABLE `t\xc3\xa9'` (\n  `b` varbinary(8) DEFAULT '\xff\\0\\n\\\\''\xfe',\n  `c` char(1) DEFAULT '\xc3\xa9'''\n)",
  )
  expect(withBinaryLiteralsAsHex(printed)).toBe(
    "CREATE TABLE `té'` (\n  `b` varbinary(8) DEFAULT x'ff000a5c27fe',\n  `c` char(1) DEFAULT 'é'''\n)",
  )
})

test('a literal behind its character set stays apart from it', () => {
  const printed = bytes("CREATE TABLE `t` (`g` int AS (concat(`a`,_utf16'\xd8=\xdc;')))")
  expect(withBinaryLiteralsAsHex(printed)).toBe(
    "CREATE TABLE `t` (`g` int AS (concat(`a`,_utf16 x'd83ddc3b')))",
  )
})

test('bytes that are no UTF-8 anywhere else have no form', () => {
  expect(withBinaryLiteralsAsHex(bytes('CREATE TABLE `\xff` (`a` int)'))).toBeNull()
})
