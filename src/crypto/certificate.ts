import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import { bits, boolean, der, integer, objectId, octets, sequence, set, text, time } from './der.ts'

/**
 * X.509 certificates (RFC 5280) of a private authority for one server: Node can read them and make
 * keys and signatures, and cannot make them. ECDSA on P-256 with SHA-256 throughout.
 */

export interface Certified {
  /** PEM */
  certificate: string
  /** PEM, PKCS #8 */
  privateKey: string
}

export interface CertificateRequest {
  /** Told apart from the authority's: a server refuses a chain of two equal names. */
  commonName: string
  use: 'server' | 'client'
  /** Host names and addresses that the certificate is good for. */
  names: readonly string[]
  from: Date
  until: Date
}

/** A certificate authority, whose key is to be kept away from the server. */
export interface Authority extends Certified {
  issue(request: CertificateRequest): Certified
}

export function makeAuthority(commonName: string, from: Date, until: Date): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const own = certificate({
    ...{ commonName, issuer: commonName, from, until },
    publicKey: keys.publicKey,
    issuerKeys: keys,
    extensions: [
      extension(BASIC_CONSTRAINTS, true, sequence(boolean(true), integer(Buffer.from([0])))),
      // To sign certificates and lists of revoked ones.
      extension(KEY_USAGE, true, bits(Buffer.from([0x06]), 1)),
    ],
  })
  return {
    certificate: own,
    privateKey: pem(keys.privateKey),
    issue(request) {
      const leaf = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const made = certificate({
        ...request,
        issuer: commonName,
        publicKey: leaf.publicKey,
        issuerKeys: keys,
        extensions: leafExtensions(request),
      })
      return { certificate: made, privateKey: pem(leaf.privateKey) }
    },
  }
}

const BASIC_CONSTRAINTS = '2.5.29.19'
const KEY_USAGE = '2.5.29.15'
const EXTENDED_KEY_USAGE = '2.5.29.37'
const ALTERNATIVE_NAMES = '2.5.29.17'
const SUBJECT_KEY = '2.5.29.14'
const AUTHORITY_KEY = '2.5.29.35'
const USES = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2'
const COMMON_NAME = '2.5.4.3'

interface Contents {
  commonName: string
  issuer: string
  from: Date
  until: Date
  publicKey: KeyObject
  issuerKeys: { publicKey: KeyObject; privateKey: KeyObject }
  extensions: readonly Buffer[]
}

function certificate(contents: Contents): string {
  const { commonName, issuer, from, until, publicKey, issuerKeys, extensions } = contents
  const algorithm = sequence(objectId(ECDSA_WITH_SHA256))
  const signed = sequence(
    der(0xa0, integer(Buffer.from([2]))), // version 3
    integer(serialNumber()),
    algorithm,
    nameOf(issuer),
    sequence(time(from), time(until)),
    nameOf(commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(
      0xa3,
      sequence(
        ...extensions,
        extension(SUBJECT_KEY, false, octets(keyId(publicKey))),
        extension(AUTHORITY_KEY, false, sequence(der(0x80, keyId(issuerKeys.publicKey)))),
      ),
    ),
  )
  const signature = sign('sha256', signed, issuerKeys.privateKey)
  const body = sequence(signed, algorithm, bits(signature)).toString('base64')
  const lines = body.match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

function leafExtensions({ use, names }: CertificateRequest): Buffer[] {
  return [
    extension(BASIC_CONSTRAINTS, true, sequence()),
    // To sign the handshake.
    extension(KEY_USAGE, true, bits(Buffer.from([0x80]), 7)),
    extension(EXTENDED_KEY_USAGE, false, sequence(objectId(USES[use]))),
    ...(names.length > 0
      ? [extension(ALTERNATIVE_NAMES, false, sequence(...names.map(alternativeName)))]
      : []),
  ]
}

function alternativeName(name: string): Buffer {
  if (isIP(name) === 0) return der(0x82, Buffer.from(name, 'ascii'))
  return der(0x87, isIP(name) === 4 ? Buffer.from(name.split('.').map(Number)) : bytesOfIpv6(name))
}

/** The URL parser knows every way to write one: "[::ffff:1.2.3.4]" becomes eight groups at most. */
function bytesOfIpv6(address: string): Buffer {
  const shown = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = '', tail] = shown.split('::')
  const groups = (part: string): string[] => part.split(':').filter(Boolean)
  const end = groups(tail ?? '')
  const gap = tail === undefined ? 0 : 8 - groups(head).length - end.length
  const all = [...groups(head), ...new Array<string>(gap).fill('0'), ...end]
  return Buffer.from(all.map(group => group.padStart(4, '0')).join(''), 'hex')
}

function extension(id: string, critical: boolean, content: Buffer): Buffer {
  return sequence(objectId(id), ...(critical ? [boolean(true)] : []), octets(content))
}

function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(objectId(COMMON_NAME), text(commonName))))
}

/** Positive, of 16 bytes without leading zeros. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes
}

/** RFC 7093: the first 160 bits of SHA-256. */
function keyId(key: KeyObject): Buffer {
  const spki = key.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest().subarray(0, 20)
}

function pem(key: KeyObject): string {
  return String(key.export({ type: 'pkcs8', format: 'pem' }))
}
