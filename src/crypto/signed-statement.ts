import { sign, verify } from 'node:crypto'
import { EcomdbError } from '#core/errors'
import { parseSigner, type SigningKey, signerFingerprint } from './key-files.ts'

/**
 * Signed statements: DSSE, the Dead Simple Signing Envelope (secure-systems-lab/dsse,
 * protocol 1.0), with Ed25519. The signature is over the very bytes of the payload, so no
 * canonical JSON is needed, and openssl can check it.
 */

export type StatementKind =
  | 'snapshot'
  | 'attestation'
  | 'start'
  | 'end'
  | 'copy'
  | 'tombstone'
  | 'binlog-segment'
  | 'binlog-trim'
  | 'leaver'
  | 'access-report'
  | 'audit-checkpoint'
  | 'audit-restore'
  | 'audit-erasure'
  | 'audit-erasure-record'

/** The media type under which each kind is signed, so that one cannot pass for another. */
const PAYLOAD_TYPE: Readonly<Record<StatementKind, string>> = {
  snapshot: 'application/vnd.ecomdb.snapshot+json',
  attestation: 'application/vnd.ecomdb.attestation+json',
  start: 'application/vnd.ecomdb.start+json',
  end: 'application/vnd.ecomdb.end+json',
  copy: 'application/vnd.ecomdb.copy+json',
  tombstone: 'application/vnd.ecomdb.tombstone+json',
  'binlog-segment': 'application/vnd.ecomdb.binlog-segment+json',
  'binlog-trim': 'application/vnd.ecomdb.binlog-trim+json',
  leaver: 'application/vnd.ecomdb.leaver+json',
  'access-report': 'application/vnd.ecomdb.access-report+json',
  'audit-checkpoint': 'application/vnd.ecomdb.audit-checkpoint+json',
  'audit-restore': 'application/vnd.ecomdb.audit-restore+json',
  'audit-erasure': 'application/vnd.ecomdb.audit-erasure+json',
  'audit-erasure-record': 'application/vnd.ecomdb.audit-erasure-record+json',
}

export interface OpenedStatement {
  /** The payload's JSON value; its shape is the caller's to check. */
  value: unknown
  /** `ed25519:…`, one of the trusted. */
  signer: string
}

/** The file of a signed statement: JSON, UTF-8, one line and a newline. */
export function signStatement(kind: StatementKind, value: object, key: SigningKey): Buffer {
  const payload = Buffer.from(JSON.stringify(value), 'utf8')
  const signature = sign(null, preAuthEncoding(PAYLOAD_TYPE[kind], payload), key.privateKey)
  const document = {
    payloadType: PAYLOAD_TYPE[kind],
    payload: payload.toString('base64'),
    signatures: [{ keyid: key.signer, sig: signature.toString('base64') }],
  }
  return Buffer.from(`${JSON.stringify(document)}\n`, 'utf8')
}

/**
 * Believes a statement only when one of the trusted signers signed these bytes as this kind.
 *
 * @param name for messages: the file's name
 * @throws EcomdbError SIGNATURE_INVALID; CONFIG_INVALID when a trusted signer is malformed
 */
export function openStatement(
  kind: StatementKind,
  file: Uint8Array,
  trustedSigners: readonly string[],
  name: string,
): OpenedStatement {
  const trusted = new Map(trustedSigners.map(signer => [signer, parseSigner(signer)]))
  const document = parseDocument(file, name)
  if (document.payloadType !== PAYLOAD_TYPE[kind]) {
    throw refused(name, `it is of type ${document.payloadType}, not ${PAYLOAD_TYPE[kind]}`)
  }
  const signed = preAuthEncoding(document.payloadType, document.payload)
  const ours = document.signatures.filter(({ keyid }) => trusted.has(keyid))
  if (ours.length === 0) throw refused(name, strangers(document.signatures))
  for (const { keyid, sig } of ours) {
    const key = trusted.get(keyid)
    if (key && verify(null, signed, key, Buffer.from(sig, 'base64'))) {
      return { value: parsePayload(document.payload, name), signer: keyid }
    }
  }
  throw refused(name, 'the signature does not belong to these bytes: the file was changed')
}

interface Document {
  payloadType: string
  payload: Buffer
  signatures: readonly { keyid: string; sig: string }[]
}

/** DSSE's PAE: "DSSEv1" SP len(type) SP type SP len(body) SP body. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType, 'utf8')
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${type.length} `),
    type,
    Buffer.from(` ${payload.length} `),
    payload,
  ])
}

function parseDocument(file: Uint8Array, name: string): Document {
  const value = parseJson(Buffer.from(file), name)
  if (!isRecord(value)) throw refused(name, 'it is not a signed statement')
  const { payloadType, payload, signatures } = value
  if (
    typeof payloadType !== 'string' ||
    typeof payload !== 'string' ||
    !Array.isArray(signatures) ||
    !signatures.every(isSignature)
  ) {
    throw refused(name, 'it is not a signed statement')
  }
  return { payloadType, payload: Buffer.from(payload, 'base64'), signatures }
}

function isSignature(value: unknown): value is { keyid: string; sig: string } {
  return isRecord(value) && typeof value['keyid'] === 'string' && typeof value['sig'] === 'string'
}

function parsePayload(payload: Buffer, name: string): unknown {
  return parseJson(payload, name)
}

function parseJson(bytes: Buffer, name: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw refused(name, 'it is not JSON: truncated, or not written by ecomdb', error)
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function strangers(signatures: readonly { keyid: string }[]): string {
  if (signatures.length === 0) return 'it is not signed'
  const names = signatures.map(({ keyid }) => `${keyid} (${signerFingerprint(keyid)})`)
  return `it is signed by ${names.join(', ')}, which is not among the trusted signers`
}

function refused(name: string, why: string, cause?: unknown): EcomdbError {
  return new EcomdbError('SIGNATURE_INVALID', {
    what: `will not believe ${name}`,
    why,
    hints: [
      'compare keys.trusted_signers in ecomdb.yaml with the signer that `ecomdb init` printed',
      'if the keys are right, somebody changed the repository: use another copy, and find out who',
    ],
    cause,
  })
}
