import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shellWord } from '#core/shell-word'

test('a plain path stays as it is', () => {
  expect(shellWord('/var/lib/ecomdb/keys/a-b_c.key')).toBe('/var/lib/ecomdb/keys/a-b_c.key')
})

test('any other word comes out of a shell as it went in', () => {
  const words = fc.sample(fc.string({ minLength: 0, maxLength: 12 }), 200)
  const sane = ["day maria/it's", '', '~', '$HOME', '*', ...words].filter(
    word => !word.includes('\0'),
  )
  const script = `printf '%s\\0' ${sane.map(shellWord).join(' ')}`
  expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1)).toEqual(
    sane,
  )
})
