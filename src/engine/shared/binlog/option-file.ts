import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EngineFamily } from '#domain/engine-family'
import type { ConnectOptions } from '../../session.ts'

/**
 * Writes how to connect into an option file of mode 0600 for the engine's programs: a password
 * in an argument could be read by everyone on the host.
 *
 * @returns the argument that names it; it must come first
 */
export async function writeOptionFile(
  folder: string,
  family: EngineFamily,
  connect: ConnectOptions,
): Promise<string> {
  const lines = ['[client]', `user=${quoted(connect.user)}`]
  if (connect.password) lines.push(`password=${quoted(connect.password.reveal())}`)
  if (connect.socketPath) lines.push(`socket=${quoted(connect.socketPath)}`)
  else {
    lines.push(`host=${quoted(connect.host ?? '127.0.0.1')}`, `port=${connect.port ?? 3306}`)
    lines.push('protocol=tcp')
  }
  if (connect.tlsCa) {
    const certificate = join(folder, 'ca.pem')
    await writeFile(certificate, connect.tlsCa, { mode: 0o600 })
    lines.push(`ssl-ca=${quoted(certificate)}`)
    lines.push(family === 'mysql' ? 'ssl-mode=VERIFY_IDENTITY' : 'ssl-verify-server-cert')
  } else if (connect.tls) {
    lines.push(...(family === 'mysql' ? ['ssl-mode=REQUIRED'] : ['ssl', UNVERIFIED]))
  } else if (family === 'mariadb') lines.push('skip-ssl')
  const path = join(folder, NAME)
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' })
  return `--defaults-file=${path}`
}

const NAME = 'client.cnf'

/**
 * As our own session does it. MariaDB's programs of 11.4 and later verify unless they are told not to, and refuse a
 * server without TLS, or with a certificate of its own (https://mariadb.com/kb/en/mariadb-1141-release-notes/).
 */
const UNVERIFIED = 'loose-ssl-verify-server-cert=0'

/** Once the program has connected, nobody needs it. */
export async function removeOptionFile(folder: string): Promise<void> {
  await rm(join(folder, NAME), { force: true })
}

/** In option files a backslash escapes, and one pair of quotes around a value is taken off. */
function quoted(value: string): string {
  const escaped = value
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
  return `"${escaped}"`
}
