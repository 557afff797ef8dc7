import { describe, expect, test } from 'vitest'
import { generateSigningKey } from '#crypto/key-files'
import { openStatement, preAuthEncoding, signStatement } from '#crypto/signed-statement'

const key = generateSigningKey()
const file = signStatement('snapshot', { text: 'bär', n: 1 }, key)

function open(
  bytes: Uint8Array,
  trusted = [key.signer],
  kind: 'snapshot' | 'attestation' = 'snapshot',
) {
  return openStatement(kind, bytes, trusted, 'x/snapshot.json')
}

function edited(change: (document: Record<string, unknown>) => void): Buffer {
  const document = JSON.parse(file.toString())
  change(document)
  return Buffer.from(JSON.stringify(document))
}

/** The message is what a person sees: who signed, and what was expected. */
function refusal(run: () => unknown): { code: string; why: string } {
  try {
    run()
  } catch (error) {
    return error as { code: string; why: string }
  }
  throw new Error('it was believed')
}

test('the encoding that is signed is that of the DSSE specification', () => {
  // protocol.md, "Test vector": http://example.com/HelloWorld, "hello world".
  expect(
    preAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello world')).toString(),
  ).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world')
})

describe('a signed statement', () => {
  test('comes back with its signer', () => {
    expect(open(file)).toEqual({ value: { text: 'bär', n: 1 }, signer: key.signer })
  })

  test('is believed when one of several trusted signers signed', () => {
    const other = generateSigningKey()
    expect(open(file, [other.signer, key.signer]).signer).toBe(key.signer)
  })

  test.each([
    ['changed', edited(d => (d['payload'] = Buffer.from('{"n":2}').toString('base64')))],
    ['unsigned', edited(d => (d['signatures'] = []))],
    ['of another type', edited(d => (d['payloadType'] = 'application/json'))],
    ['without members', Buffer.from('{}')],
    ['truncated', file.subarray(0, 100)],
    ['empty', Buffer.alloc(0)],
  ])('is refused when it is %s', (_, bytes) => {
    expect(refusal(() => open(bytes)).code).toBe('SIGNATURE_INVALID')
  })

  test('of a stranger is refused, even under a trusted name', () => {
    const stranger = generateSigningKey()
    const theirs = signStatement('snapshot', { n: 1 }, stranger)
    expect(refusal(() => open(theirs)).why).toContain(stranger.signer)
    const posing = JSON.parse(theirs.toString())
    posing.signatures[0].keyid = key.signer
    const bytes = Buffer.from(JSON.stringify(posing))
    expect(refusal(() => open(bytes)).code).toBe('SIGNATURE_INVALID')
  })

  test('of one kind does not pass for the other', () => {
    expect(refusal(() => open(file, [key.signer], 'attestation')).code).toBe('SIGNATURE_INVALID')
  })

  test('needs well-formed trusted signers', () => {
    expect(refusal(() => open(file, ['ed25519:short'])).code).toBe('CONFIG_INVALID')
  })
})
