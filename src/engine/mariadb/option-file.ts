import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConnectOptions } from '../session.ts'

/**
 * An option file of mode 0600 for MariaDB's programs, so that the password is in nobody's
 * list of processes.
 *
 * @param folder of this run's own, mode 0700
 * @returns its path, for --defaults-file
 */
export async function writeOptionFile(
  folder: string,
  group: string,
  connect: ConnectOptions,
): Promise<string> {
  const options: [name: string, value: string][] = [['user', connect.user]]
  if (connect.password) options.push(['password', connect.password.reveal()])
  if (connect.socketPath) options.push(['socket', connect.socketPath])
  else {
    options.push(['host', connect.host ?? '127.0.0.1'], ['port', String(connect.port ?? 3306)])
    options.push(['protocol', 'tcp'])
  }
  if (connect.tlsCa) {
    const authority = join(folder, 'server-ca.pem')
    await writeFile(authority, connect.tlsCa, { mode: 0o600 })
    options.push(['ssl-ca', authority], ['ssl-verify-server-cert', '1'])
  } else if (connect.tls) options.push(['ssl', '1'], ['loose-ssl-verify-server-cert', '0'])
  // Programs of 11.4 and later ask for it, unless they are told.
  else options.push(['ssl', '0'])
  const lines = options.map(([name, value]) => `${name}=${quoted(value)}`)
  const file = join(folder, `${group}.cnf`)
  await writeFile(file, `[${group}]\n${lines.join('\n')}\n`, { mode: 0o600 })
  return file
}

/** As my.cnf reads values: in quotes, with its own escapes. */
function quoted(value: string): string {
  const escaped = value.replace(/[\\"\n\r\t]/g, letter => ESCAPES[letter] ?? letter)
  return `"${escaped}"`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}
