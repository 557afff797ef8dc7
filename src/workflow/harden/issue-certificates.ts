import { chmod, mkdir, open, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Clock } from '#core/clock'
import { EcomdbError, messageOf, systemCode } from '#core/errors'
import { makeAuthority } from '#crypto/certificate'

export interface CertificateOptions {
  /** A new or empty folder. */
  folder: string
  /** Host names and addresses that clients know the server by; localhost is always one. */
  names: readonly string[]
  /** From today. */
  days: number
  clock: Clock
}

export interface CertificateResult {
  folder: string
  files: readonly { path: string; secret: boolean }[]
  names: readonly string[]
  /** ISO 8601, UTC. */
  until: string
  /** For the server's configuration file. */
  serverLines: readonly string[]
  /** For a client's option file. */
  clientLines: readonly string[]
}

const LOCAL = ['localhost', '127.0.0.1', '::1']

/** Clocks that are a little behind ours accept them, too. */
const HEAD_START_MS = 3_600_000
const DAY_MS = 86_400_000

/**
 * `ecomdb harden certificates`: an authority of one's own, a certificate for the server and one
 * for a client, and the lines that use them. It touches no server.
 *
 * @throws EcomdbError USAGE when the folder holds anything; STORAGE_FAILED
 */
export async function issueCertificates(options: CertificateOptions): Promise<CertificateResult> {
  const folder = resolve(options.folder)
  await prepareFolder(folder)
  const now = options.clock.now().getTime()
  const validity = {
    from: new Date(now - HEAD_START_MS),
    until: new Date(now + options.days * DAY_MS),
  }
  const names = [...new Set([...LOCAL, ...options.names])]
  const authority = makeAuthority('ecomdb certificate authority', validity.from, validity.until)
  const server = authority.issue({ ...validity, commonName: 'ecomdb server', use: 'server', names })
  const client = authority.issue({
    ...validity,
    commonName: 'ecomdb client',
    use: 'client',
    names: [],
  })
  const files = [
    { name: 'ca.pem', text: authority.certificate, secret: false },
    { name: 'ca-key.pem', text: authority.privateKey, secret: true },
    { name: 'server-cert.pem', text: server.certificate, secret: false },
    { name: 'server-key.pem', text: server.privateKey, secret: true },
    { name: 'client-cert.pem', text: client.certificate, secret: false },
    { name: 'client-key.pem', text: client.privateKey, secret: true },
  ]
  for (const { name, text, secret } of files) await writeNew(join(folder, name), text, secret)
  return {
    folder,
    files: files.map(({ name, secret }) => ({ path: join(folder, name), secret })),
    names,
    until: validity.until.toISOString(),
    serverLines: [
      '[mysqld]',
      ...linesOf('ssl_', folder, 'server'),
      '# once every client uses TLS:',
      '# require_secure_transport = ON',
    ],
    clientLines: ['[client]', ...linesOf('ssl-', folder, 'client')],
  }
}

function linesOf(prefix: string, folder: string, whose: string): string[] {
  return [
    `${prefix}ca = ${join(folder, 'ca.pem')}`,
    `${prefix}cert = ${join(folder, `${whose}-cert.pem`)}`,
    `${prefix}key = ${join(folder, `${whose}-key.pem`)}`,
  ]
}

async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 })
  } catch (error) {
    throw cannotWrite(folder, error)
  }
  const there = await readdir(folder)
  if (there.length === 0) return
  throw new EcomdbError('USAGE', {
    what: `${folder} is not empty`,
    why: `it holds ${there.slice(0, 3).join(', ')}, and a certificate that is in use is not replaced`,
    hints: ['name a new folder with --out'],
  })
}

/** A key is never open to others, not even for a moment. */
async function writeNew(path: string, text: string, secret: boolean): Promise<void> {
  const mode = secret ? 0o600 : 0o644
  try {
    const file = await open(path, 'wx', mode)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await chmod(path, mode)
  } catch (error) {
    throw cannotWrite(path, error)
  }
}

function cannotWrite(path: string, error: unknown): EcomdbError {
  return new EcomdbError('STORAGE_FAILED', {
    what: `cannot write ${path}`,
    why: systemCode(error) === 'ENOSPC' ? 'the disk is full' : messageOf(error),
    hints: ['name a folder that you may write with --out'],
    cause: error,
  })
}
