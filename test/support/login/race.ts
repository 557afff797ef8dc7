import { Secret } from '#core/secret'
import type { Credentials } from '#engine/credentials'
import { totpStore } from '#engine/shared/credentials/totp-store'
import { openSession } from '#engine/shared/mysql2-session'
import { useCode } from '#workflow/credential/second-factor'

/**
 * One of many processes that come with the same code: connects, waits for a line on standard
 * input, uses the code up, and prints whether it was the one.
 */
const [socketPath = '', accessDatabase = '', key = '', person = '', code = '', at = ''] =
  process.argv.slice(2)
// Only what is needed, for 32 of them start at once.
const session = await openSession({ socketPath, user: 'root', accessDatabase })
const credentials = totpStore as Credentials
const totp = await totpStore.totp(session, person)
process.stdout.write('ready\n')
process.stdin.once('data', async () => {
  const ports = { credentials, session, totpKey: new Secret(key), now: new Date(Number(at)) }
  const won = totp !== null && (await useCode(ports, totp, new Secret(code), 'active'))
  process.stdout.write(won ? 'won\n' : 'lost\n')
  await session.close()
  process.stdin.destroy()
})
