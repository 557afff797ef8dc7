import { Secret } from '#core/secret'
import type { Credentials } from '#engine/credentials'
import { totpStore } from '#engine/shared/credentials/totp-store'
import { openSession } from '#engine/shared/mysql2-session'
import { useCode } from '#workflow/credential/second-factor'

/**
 * One of several processes that come with the same code: makes so many connections, waits for the
 * key of the seeds on standard input, uses the code up on all of them at once, and prints for each whether it
 * was the one.
 */
const [socketPath = '', accessDatabase = '', person = '', code = '', at = '', count] =
  process.argv.slice(2)
// Only what is needed, for several of them start at once.
const racers = await Promise.all(
  Array.from({ length: Number(count) }, async () => {
    const session = await openSession({ socketPath, user: 'root', accessDatabase })
    return { session, totp: await totpStore.totp(session, person) }
  }),
)
const credentials = totpStore as Credentials
process.stdout.write('ready\n')
process.stdin.once('data', async (line: Buffer) => {
  const totpKey = new Secret(line.toString().trim())
  const ports = { credentials, totpKey, now: new Date(Number(at)) }
  await Promise.all(
    racers.map(async ({ session, totp }) => {
      const won =
        totp !== null && (await useCode({ ...ports, session }, totp, new Secret(code), 'active'))
      process.stdout.write(won ? 'won\n' : 'lost\n')
      await session.close()
    }),
  )
  process.stdin.destroy()
})
