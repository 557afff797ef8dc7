import { fstatSync, readFileSync } from 'node:fs'
import { createInterface, type Interface } from 'node:readline'
import { integer, option, string } from '@oclif/core/flags'
import { EcomdbError, messageOf } from '#core/errors'
import { Secret } from '#core/secret'
import { readSecretFile } from '#core/secret-file'
import type { NewPassword } from '#workflow/credential/set-password'
import { canAsk } from './ask-init.ts'

/** For commands that take a person's new password. It never comes as an argument. */
export const newPasswordFlags = {
  'new-password-file': string({
    helpValue: 'FILE',
    summary: 'file of mode 0600 with the new password',
    exclusive: ['new-password-fd', 'generate'],
  }),
  'new-password-fd': integer({
    helpValue: 'N',
    min: 0,
    summary: 'file descriptor to read the new password from',
    exclusive: ['new-password-file', 'generate'],
  }),
  generate: option({
    options: ['random', 'passphrase'] as const,
    summary: 'make one, and show it once',
    exclusive: ['new-password-file', 'new-password-fd'],
  })(),
}

interface NewPasswordFlags {
  'new-password-file'?: string | undefined
  'new-password-fd'?: number | undefined
  generate?: 'random' | 'passphrase' | undefined
}

/**
 * The new password as the flags say; asked twice where none does.
 *
 * @throws EcomdbError USAGE where nobody can be asked, SECRET_MISSING
 */
export async function newPasswordFrom(flags: NewPasswordFlags): Promise<NewPassword> {
  const { generate, 'new-password-file': file, 'new-password-fd': descriptor } = flags
  if (generate) return generate
  if (file !== undefined) return await readSecretFile(file, 'the new password')
  if (descriptor !== undefined) return readDescriptor(descriptor)
  if (!canAsk()) {
    throw new EcomdbError('USAGE', {
      what: 'there is no new password',
      why: 'nobody can be asked here',
      hints: ['use --generate, --new-password-file or --new-password-fd'],
    })
  }
  const { password } = await import('@inquirer/prompts')
  const ask = (message: string) => password({ message, mask: '*' }, { output: process.stderr })
  const first = await ask('New password')
  if ((await ask('The same again')) === first) return new Secret(first)
  throw new EcomdbError('USAGE', { what: 'the two passwords differ' })
}

function readDescriptor(descriptor: number): Secret {
  try {
    fstatSync(descriptor)
    return new Secret(readFileSync(descriptor, 'utf8').replace(/\r?\n$/, ''))
  } catch (error) {
    throw new EcomdbError('SECRET_MISSING', {
      what: `cannot read the new password from descriptor ${descriptor}`,
      why: messageOf(error),
      cause: error,
    })
  }
}

let lines: AsyncIterator<string> | null = null
let reader: Interface | null = null

/**
 * A secret that a person types; where there is no terminal, the next line of standard input.
 *
 * @throws EcomdbError USAGE when standard input has no more lines
 */
export async function askSecret(message: string): Promise<Secret> {
  if (process.stdin.isTTY) {
    const { password } = await import('@inquirer/prompts')
    return new Secret(await password({ message, mask: '*' }, { output: process.stderr }))
  }
  reader ??= createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })
  lines ??= reader[Symbol.asyncIterator]()
  const { value, done } = await lines.next()
  if (!done) return new Secret(value)
  throw new EcomdbError('USAGE', {
    what: `no answer to "${message}"`,
    why: 'standard input is no terminal, and has no more lines',
    hints: ['run it in a terminal, or give one answer a line on standard input'],
  })
}

/** Nothing more is read; else an open standard input would keep the program alive. */
export function endAnswers(): void {
  reader?.close()
  if (!process.stdin.isTTY) process.stdin.destroy()
}
