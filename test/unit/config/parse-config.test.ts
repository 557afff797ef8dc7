import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ConfigValues, configText } from '#config/config-text'
import { parseConfig } from '#config/parse-config'
import { writtenPlace } from '#config/target-location'
import { EcomdbError } from '#core/errors'
import type { S3Place } from '#domain/target-place'

const PLAIN: Omit<ConfigValues, 'target'> = {
  runsOn: 'all',
  server: { user: 'u', database: 'd' },
  recipients: ['age1x', 'age1y'],
  signingKeyFile: 's',
  dedupKeyFile: 'd',
  trustedSigners: ['t'],
  identityFiles: [],
}

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
        target: { directory: path },
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

test('so is a bucket, and what is as it is by default is not written', () => {
  const s3: S3Place = {
    bucket: 'shop-backups',
    prefix: 'a/b',
    endpoint: 'https://s3.example.org:8443',
    region: 'eu-1',
    pathStyle: false,
    caFile: '/etc/ca.pem',
    profile: 'backup',
    credentialsFile: '/etc/ecomdb/s3',
    checksums: 'when_required',
    objectLock: { mode: 'compliance', days: 30 },
    bucketOwnerFullControl: true,
  }
  const text = (target: S3Place): string => configText({ ...PLAIN, target: { s3: target } }, '/s')
  const { target } = parseConfig(text(s3), 'f')
  expect(writtenPlace(target ?? {}, '/')).toEqual({ s3, rateLimit: undefined })
  const least = { bucket: 'b-1', prefix: '', pathStyle: false, bucketOwnerFullControl: false }
  expect(text({ ...least, checksums: 'when_supported' })).toContain(
    '\n  s3:\n    bucket: b-1\n\nkeys:',
  )
})

test.each([
  ['{directory: a, s3: {bucket: b-1}}', /^CONFIG_INVALID f:1:24: target\.s3: expected either dir/],
  ['{s3: {bukket: b-1}}', /target\.s3\.bukket: unknown key; did you mean "bucket"\?/],
  ['{s3: {bucket: B_1}}', /target\.s3\.bucket: expected the name of a bucket, got "B_1"/],
  ['{s3: {bucket: b-1, prefix: /x}}', /target\.s3\.prefix: expected a path like backups\/shop/],
  ['{s3: {bucket: b-1, endpoint: s3.example.org}}', /target\.s3\.endpoint: expected https:/],
  ['{s3: {bucket: b-1, secret_key: x}}', /target\.s3\.secret_key: unknown key/],
  ['{s3: {bucket: b-1, object_lock: {mode: soft, days: 0}}}', /mode: expected one of governance/],
  ['{directory: a, rate_limit_mib: 0}', /target\.rate_limit_mib: /],
  ['{directory: a}\ncopies: [{name: x}]', /f:2:10: copies\.0: expected either directory, or s3/],
  [
    '{directory: a}\ncopies:\n- {name: x, directory: b}\n- {name: y, directory: c}\n- {directory: d, name: x}',
    /f:5:24: copies\.2\.name: expected a name of its own, got that of copies\.0$/,
  ],
  ['{directory: a}\ncopies: [{name: x, s3: {bukket: b}}]', /copies\.0\.s3\.bukket: unknown key/],
])('target: %s', (target, message) => {
  expect(refusal(`target: ${target}\n`)).toMatch(message)
})
