import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import { EcomdbError } from '#core/errors'
import { askBroker, type BrokerAddress } from '#workflow/broker/ask-broker'
import { bridge } from '#workflow/broker/bridge'
import { leaveOptionFile, runWithSession } from '#workflow/broker/use-session'
import type { Outcome } from './base-command.ts'
import { configFrom } from './flags.ts'
import { askSecret, endAnswers } from './secret-answers.ts'

export interface LoginWish {
  config?: string | undefined
  socket?: string | undefined
  via?: string | undefined
  person?: string | undefined
  out?: string | undefined
  recovery: boolean
  stdio: boolean
  /** What stands behind --. */
  command: readonly string[]
}

/** Asks for password and code, and uses the session or leaves an option file. */
export async function logInAtTerminal(wish: LoginWish): Promise<Outcome<object>> {
  const { command, recovery, out } = wish
  const address = await addressOf(wish)
  if (wish.stdio) return await carry(address, wish.person ?? null)
  if (command.length === 0 && out === undefined) throw nothingToDo()
  const person = wish.person ?? userInfo().username
  const password = await askSecret(`Password of ${person}`)
  const code = await askSecret(recovery ? 'Recovery code' : 'Code')
  endAnswers()
  const hold = command.length > 0
  const held = await askBroker(address, { person, password, code, recovery, hold })
  const { user, expiresAt } = held.session
  if (hold) {
    const status = await runWithSession(held, command)
    return { result: { user, expiresAt, command: [...command] }, text: '', status }
  }
  const file = resolve(out ?? '')
  await leaveOptionFile(held.session, file)
  held.leave()
  const text = `${user} until ${expiresAt}\nuse it with --defaults-extra-file=${file}; it is of no use after that`
  return { result: { user, expiresAt, optionFile: file }, text }
}

async function carry(address: BrokerAddress, person: string | null): Promise<Outcome<object>> {
  if ('via' in address) {
    throw new EcomdbError('USAGE', { what: '--stdio leads to a socket, and not to --via' })
  }
  await bridge(address.socketPath, person)
  return { result: {}, text: '' }
}

async function addressOf({ config: file, socket, via }: LoginWish): Promise<BrokerAddress> {
  if (via !== undefined) return { via: via.split(/\s+/).filter(Boolean) }
  if (socket !== undefined) return { socketPath: resolve(socket) }
  const { broker } = await configFrom({ config: file })
  return { socketPath: broker.socketPath ?? '/run/ecomdb/broker.sock' }
}

function nothingToDo(): EcomdbError {
  return new EcomdbError('USAGE', {
    what: 'there is nothing to use the session for',
    hints: [
      'give a command: `ecomdb login -- mariadb shop`',
      'or a file to write: --out session.cnf',
    ],
  })
}
