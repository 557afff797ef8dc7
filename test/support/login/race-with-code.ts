import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { packageRoot } from '#core/paths'
import type { ShopPeople, Somebody } from './shop-people.ts'

/**
 * Processes that come with the same code at the same moment, each with so many sessions.
 * @returns how many of the sessions it let in, and how many not
 */
export async function raceWithCode(
  { server, issuer, clock }: ShopPeople,
  { person }: Somebody,
  code: string,
  processes: number,
  sessionsEach: number,
): Promise<{ won: number; lost: number }> {
  const script = join(packageRoot(), 'test/support/login/race.ts')
  const { totpKey } = issuer
  const words = [server.socketPath, 'ecomdb_access', person, code]
  const args = [script, ...words, String(clock.now().getTime()), String(sessionsEach)]
  const conditions = ['--disable-warning=ExperimentalWarning']
  const racers = Array.from({ length: processes }, () => {
    const child = spawn(process.execPath, [...conditions, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let said = ''
    const ready = new Promise<void>(resolve => {
      child.stdout.on('data', chunk => {
        said += chunk
        resolve()
      })
      child.once('close', () => resolve())
    })
    const ended = new Promise<string>(resolve => child.once('close', () => resolve(said)))
    return { child, ready, ended }
  })
  await Promise.all(racers.map(({ ready }) => ready))
  for (const { child } of racers) child.stdin.write(`${totpKey.reveal()}\n`)
  const said = await Promise.all(racers.map(({ ended }) => ended))
  const counted = (word: string): number => said.join('').split(word).length - 1
  return { won: counted('won'), lost: counted('lost') }
}
