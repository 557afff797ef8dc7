import { basename } from 'node:path/posix'
import type { BrokerSession } from './broker-message.ts'

/** Programs that read an option file, and take it as their first argument. */
const CLIENTS = /^(mysql|mariadb)(-?(dump|admin|show|check|import|slap|binlog))?$/

/** The file's text for clients of both engines: mode 0600, gone with the session. */
export function optionFileText(session: BrokerSession, caFile: string | null): string {
  const { user, password, engine, socketPath, host, port, tls, expiresAt } = session
  const place = socketPath
    ? [`socket=${quoted(socketPath)}`]
    : [`host=${quoted(host ?? '127.0.0.1')}`, `port=${port ?? 3306}`, 'protocol=TCP']
  const secure = engine === 'mysql' ? ['loose-ssl-mode=REQUIRED'] : ['ssl=1']
  return [
    `# a session of ecomdb, until ${expiresAt}`,
    '[client]',
    `user=${quoted(user)}`,
    `password=${quoted(password)}`,
    ...place,
    ...(tls ? secure : []),
    ...(caFile ? [`ssl-ca=${quoted(caFile)}`] : []),
    '',
  ].join('\n')
}

/** The command with the option file where it belongs; others find it in their environment. */
export function withOptionFile(command: readonly string[], file: string): string[] {
  const [program = '', ...args] = command
  return CLIENTS.test(basename(program))
    ? [program, `--defaults-extra-file=${file}`, ...args]
    : [...command]
}

/** For programs that are no client, and for ecomdb itself. */
export function sessionEnvironment(
  { user, engine, socketPath, host, port }: BrokerSession,
  files: { optionFile: string; passwordFile: string },
): Record<string, string> {
  return {
    ECOMDB_OPTION_FILE: files.optionFile,
    ECOMDB_PASSWORD_FILE: files.passwordFile,
    ECOMDB_USER: user,
    ECOMDB_ENGINE: engine,
    ...(socketPath
      ? { ECOMDB_SOCKET: socketPath }
      : { ECOMDB_HOST: host ?? '127.0.0.1', ECOMDB_PORT: String(port ?? 3306) }),
  }
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
