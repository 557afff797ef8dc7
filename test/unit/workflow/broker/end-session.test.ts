import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Secret } from '#core/secret'
import { withFolder } from '#test/temporary'
import { askBroker, type HeldSession } from '#workflow/broker/ask-broker'
import { lineChannel } from '#workflow/broker/line-channel'
import { runWithSession } from '#workflow/broker/use-session'

const session = {
  ...{ user: 's_tess_1', password: 'not-a-real-one', engine: 'mysql', expiresAt: '2026-01-01' },
  ...{ socketPath: '/nowhere', host: null, port: null, tls: false, tlsCa: null },
}

/** Uses a session of a broker that says this at its end and goes away; null: that goes away only. */
async function withSession(last: object | null, use: (held: HeldSession) => Promise<unknown>) {
  return await withFolder(async folder => {
    const socketPath = join(folder, 'broker.sock')
    const broker = createServer(async socket => {
      const channel = lineChannel(socket, socket)
      await channel.next()
      channel.send({ version: 1, session })
      await channel.next()
      if (last) channel.send(last)
      socket.end()
      broker.close()
    })
    await new Promise<void>(resolve => broker.listen(socketPath, resolve))
    const secrets = { password: new Secret('x'), code: new Secret('1') }
    const login = { person: 'tess', recovery: false, hold: true, ...secrets }
    return await use(await askBroker({ socketPath }, login))
  })
}

test('a session counts as ended when the broker says so, and else never', async () => {
  const end = (held: HeldSession) => held.end()
  await withSession({ version: 1, ended: true }, end)
  const error = { code: 'SERVER_LOST', what: 'the server is away', why: null, hints: [] }
  for (const [last, says] of [
    [{ version: 1, ended: false }, /^the session s_tess_1 does not end/],
    [null, /^the broker does not say that the session s_tess_1 has ended: it gave no answer/],
    [{ ended: true }, /: it gave no answer/],
    [{ version: 1, error }, /: it said: the server is away/],
  ] as const) {
    await expect(withSession(last, end)).rejects.toThrow(says)
  }
})

test('how the program ended is told beside a session that does not end', async () => {
  const run =
    (...command: string[]) =>
    (held: HeldSession) =>
      runWithSession(held, command)
  const seven = run('sh', '-c', 'exit 7')
  expect(await withSession({ version: 1, ended: true }, seven)).toBe(7)
  await expect(withSession(null, seven)).rejects.toMatchObject({
    code: 'SERVER_LOST',
    what: expect.stringMatching(/^sh ended with exit status 7; then the broker does not say/),
  })
  await expect(withSession(null, run('/nowhere/no-such-program'))).rejects.toMatchObject({
    code: 'TOOL_MISSING',
    what: expect.stringMatching(/no-such-program.*; then the broker does not say/),
    hints: expect.arrayContaining([
      expect.stringMatching(/doctor/),
      expect.stringMatching(/^it may be open until/),
    ]),
    cause: { code: 'TOOL_MISSING' },
  })
})
