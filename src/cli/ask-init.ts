import type { ConfigFlags } from '#config/load-config'
import { Secret } from '#core/secret'

/** What init needs to know; what is undefined was neither given nor asked for. */
export interface InitAnswers {
  changes: ConfigFlags
  password: Secret | null
  runsOn: 'all' | 'database' | undefined
}

/** Questions go to stderr: stdout is for the result. */
const TERMINAL = { output: process.stderr }

/** Can anybody answer? */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true && !process.env['CI']
}

/** Asks for what was not given by flags or environment. */
export async function askInit(given: InitAnswers): Promise<InitAnswers> {
  const { input, password, select } = await import('@inquirer/prompts')
  const { changes } = given
  const ask = async (message: string, preset: string): Promise<string> =>
    await input({ message, default: preset, required: true }, TERMINAL)
  const place =
    changes.socket || changes.host
      ? {}
      : placeOf(await ask('Server: host, host:port, or the path of its socket', '127.0.0.1'))
  const user = changes.user ?? (await ask('Account', 'ecomdb_backup'))
  const secret =
    given.password || changes['password-file']
      ? given.password
      : secretOf(await password({ message: 'Password (empty: none)', mask: '*' }, TERMINAL))
  const database = changes.database ?? (await ask("The shop's schema", 'shop'))
  const target =
    changes.target ??
    (await ask('Folder for the backups, or s3://bucket/prefix', '/mnt/backup/ecomdb'))
  const runsOn =
    given.runsOn ??
    (await select(
      {
        message: 'This host is',
        choices: [
          { value: 'all', name: 'everything at once (a trial)' },
          { value: 'database', name: 'the database host: no private key stays here' },
        ] as const,
      },
      TERMINAL,
    ))
  return { changes: { ...changes, ...place, user, database, target }, password: secret, runsOn }
}

/** "/run/s.sock", "db1", "db1:3307", "[::1]:3307" */
export function placeOf(text: string): Pick<ConfigFlags, 'socket' | 'host' | 'port'> {
  if (text.startsWith('/')) return { socket: text }
  const found = /^\[?([^\]]*?)\]?:(\d+)$/.exec(text)
  if (!found?.[1] || (found[1].includes(':') && !text.startsWith('['))) return { host: text }
  return { host: found[1], port: Number(found[2]) }
}

function secretOf(text: string): Secret | null {
  return text ? new Secret(text) : null
}
