import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ConfigValues, configText } from '#config/config-text'
import { parseConfig } from '#config/parse-config'
import { EcomdbError } from '#core/errors'

const refusal = (text: string): string => {
  try {
    parseConfig(text, 'f')
    return 'accepted'
  } catch (error) {
    return error instanceof EcomdbError ? `${error.code} ${error.why}` : `a bug: ${String(error)}`
  }
}

test.each([
  ['server: *x\n', /^CONFIG_INVALID f:1:9: \*x: aliases are not understood/],
  ['a: &a [*a]\n', /^CONFIG_INVALID f:1:8: \*a: aliases/],
  [
    '---\nserver: {}\n---\nserver: {}\n',
    /^CONFIG_INVALID f:3:1: not valid YAML: .*multiple documents/,
  ],
  ['server:\n\tuser: x\n', /^CONFIG_INVALID f:2:1: not valid YAML: Tabs/],
  ['\0', /^CONFIG_INVALID f:1:1: /],
  [
    'keys: {recipients: age1x}\n',
    /^CONFIG_INVALID f:1:20: keys.recipients: expected a list, got "age1x"/,
  ],
  ['__proto__: {server: {}}\n', /^CONFIG_INVALID f:1:1: __proto__: unknown key/],
  ['toString: 1\n', /^CONFIG_INVALID f:1:1: toString: unknown key/],
])('%j', (text, message) => {
  expect(refusal(text)).toMatch(message)
})

test('no text at all is a bug', () => {
  const words = fc.constantFrom(
    'server',
    ':',
    ' ',
    '\n',
    '-',
    '{',
    '}',
    '[',
    '*a',
    '&a',
    '<<',
    '"',
    'port',
    '1',
    '~',
    '!!int',
  )
  const texts = fc.oneof(
    fc.string(),
    fc.array(words).map(parts => parts.join('')),
  )
  fc.assert(
    fc.property(texts, text => {
      expect(refusal(text)).toMatch(/^(accepted|CONFIG_INVALID f:\d+:\d+: )/)
    }),
    { numRuns: 1000 },
  )
})

test('what init writes is read back as it was given, whatever it holds', () => {
  const text = fc
    .string({ minLength: 1, maxLength: 30, unit: 'binary' })
    .filter(s => !/[\ud800-\udfff]/.test(s))
  fc.assert(
    fc.property(text, text, (name, path) => {
      const values: ConfigValues = {
        runsOn: 'all',
        server: { socket: path, user: name, passwordFile: path, database: name },
        target: path,
        recipients: ['age1x', 'age1y'],
        signingKeyFile: path,
        dedupKeyFile: path,
        trustedSigners: [name],
        identityFiles: [path],
      }
      const { server, target, keys } = parseConfig(configText(values, '/schema.json'), 'f')
      expect([server?.user, server?.database, server?.socket]).toEqual([name, name, path])
      expect([target?.directory, keys?.identity_files]).toEqual([path, [path]])
      expect(keys?.trusted_signers).toEqual([name])
    }),
    { numRuns: 500 },
  )
})
