import { chmod, mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { EcomdbError } from '#core/errors'
import { Secret } from '#core/secret'
import { raceWithCode } from '#test/login/race-with-code'
import { ShopPeople } from '#test/login/shop-people'
import { askBroker } from '#workflow/broker/ask-broker'
import { sweepSessions } from '#workflow/broker/sweep-sessions'
import { unlockUser } from '#workflow/credential/people'
import type { HarnessCase, PreparedSuite, SuiteContext } from '../suite.ts'
import { LEAVER_ATTACKS } from './leaver-attacks.ts'
import type { LoginAttack } from './login-attack.ts'
import { refused } from './refused.ts'

export async function prepareLoginAttacks({ family }: SuiteContext): Promise<PreparedSuite> {
  const shop = await ShopPeople.open(family)
  const caseOf = ({ name, expected, run }: LoginAttack, at: number): HarnessCase => ({
    name: `login: ${name}`,
    expected,
    run: async () => await run(shop, await shop.add(`victim${at}`)),
  })
  return { cases: [...LOGIN_ATTACKS, ...LEAVER_ATTACKS].map(caseOf), close: () => shop.close() }
}

const LOGIN_ATTACKS: readonly LoginAttack[] = [
  {
    name: 'the client with the right password and no code',
    expected: 'AUTHENTICATION_REFUSED by the server: the account is locked',
    run: (shop, { person, password }) => {
      const options = { ...shop.server.administrator, user: person, password }
      return refused(shop.engine.connect(options), 'AUTHENTICATION_REFUSED')
    },
  },
  {
    name: 'a code that was used',
    expected: 'LOGIN_REFUSED',
    async run(shop, somebody) {
      const code = await shop.code(somebody.seed)
      await shop.logIn(somebody, { code })
      return await refused(shop.logIn(somebody, { code }), 'LOGIN_REFUSED')
    },
  },
  {
    name: 'one code from 32 processes at once',
    expected: 'one of them is let in',
    async run(shop, somebody) {
      const code = await shop.code(somebody.seed)
      const { won, lost } = await raceWithCode(shop, somebody, code, 32, 1)
      if (won !== 1 || lost !== 31) throw new Error(`${won} got in, and ${lost} did not`)
      return '1 got in, and 31 did not'
    },
  },
  {
    name: 'the right code with spaces, a sign, other digits',
    expected: 'LOGIN_REFUSED, and none of them uses the code up',
    async run(shop, somebody) {
      const code = await shop.code(somebody.seed)
      const fullWidth = code.replace(/\d/g, digit => String.fromCharCode(0xff10 + Number(digit)))
      for (const odd of [`${code} `, `+${code}`, fullWidth]) {
        await refused(shop.logIn(somebody, { code: odd }), 'LOGIN_REFUSED')
      }
      await shop.logIn(somebody, { code })
      return 'refused; the plain code counts'
    },
  },
  {
    name: 'a step older than one that was used, and one that is too old',
    expected: 'LOGIN_REFUSED',
    async run(shop, somebody) {
      const codes = await Promise.all([-1, -2].map(steps => shop.code(somebody.seed, steps)))
      await shop.logIn(somebody)
      for (const code of codes) await refused(shop.logIn(somebody, { code }), 'LOGIN_REFUSED')
      return 'both refused'
    },
  },
  {
    name: 'a stolen session after its end',
    expected: 'its open connection is dead, a new one is refused, the account is gone',
    async run(shop, somebody) {
      const minted = await shop.logIn(somebody)
      const stolen = await shop.connectAs(minted)
      await sweepSessions(shop.issuer, 'test', ({ user }) => user === minted.user)
      await refused(stolen.value('SELECT 1'), 'SERVER_LOST')
      return await refused(shop.connectAs(minted), 'AUTHENTICATION_REFUSED')
    },
  },
  {
    name: 'more connections than the session has',
    expected: 'the third is refused',
    async run(shop, somebody) {
      const minted = await shop.logIn(somebody)
      const open = [await shop.connectAs(minted), await shop.connectAs(minted)]
      const seen = await refused(shop.connectAs(minted), 'SERVER_REFUSED')
      for (const session of open) await session.close()
      return seen
    },
  },
  {
    name: 'guessing at the identity account around the broker',
    expected: 'nobody gets in; MySQL stops to answer, and user unlock lets the person in again',
    async run(shop, somebody) {
      const options = { ...shop.server.administrator, user: somebody.person }
      for (let guess = 0; guess < 12; guess += 1) {
        const password = new Secret(`guess ${guess}`)
        await refused(shop.engine.connect({ ...options, password }), 'AUTHENTICATION_REFUSED')
      }
      if (shop.engine.family === 'mysql') {
        await refused(shop.logIn(somebody), 'LOGIN_THROTTLED')
        await unlockUser(shop.people, somebody.person, { attempts: 10, days: 1 })
      }
      await shop.logIn(somebody)
      return 'refused; the person gets in'
    },
  },
  {
    name: "somebody's own socket in the place of the broker's",
    expected: 'SERVER_UNREACHABLE, and not a byte is sent to it',
    async run(shop, { person, password }) {
      const folder = join(shop.folder, `open-${person}`)
      await mkdir(folder)
      await chmod(folder, 0o777)
      let bytes = 0
      const server = createServer(socket => {
        socket.on('data', chunk => {
          bytes += chunk.length
        })
      })
      const socketPath = join(folder, 's')
      await new Promise<void>(resolve => server.listen(socketPath, resolve))
      const login = { person, password, code: new Secret('123456'), recovery: false, hold: true }
      const seen = await refused(askBroker({ socketPath }, login), 'SERVER_UNREACHABLE')
      await new Promise<void>(resolve => server.close(() => resolve()))
      if (bytes > 0) throw new Error(`${bytes} bytes were sent to it`)
      return seen
    },
  },
  {
    name: 'a broker that dies in mid-mint',
    expected: 'what it has left is gone after the sweep of the next start',
    async run(shop, { person }) {
      const { credentials } = shop.engine
      let cut = 0
      for (let each = 0; each < 8; each += 1) {
        const broker = await shop.engine.connect({ ...shop.issuer.connect, database: undefined })
        const suffix = `00000000000${each}`
        const password = new Secret('Kx7-fuGb.3Wq+Zn5=HdTy')
        const limits = { lastsS: 60, connections: 1 }
        const minting = credentials.mint(broker, { person, suffix, password, ...limits })
        await new Promise(resolve => setTimeout(resolve, each * 4))
        broker.destroy()
        const died = await minting.then(
          () => false,
          (error: unknown) => isLost(error),
        )
        if (died) cut += 1
      }
      if (cut === 0) throw new Error('no mint was cut short: nothing was shown')
      await untilNoBroker(shop)
      await sweepSessions(shop.issuer, 'broker restarted', () => true)
      const left = await shop.session.value(`SELECT COUNT(*) FROM mysql.user WHERE user LIKE ?`, [
        `%s\\_${person}%`,
      ])
      if (left !== '0') throw new Error(`${left} accounts are left`)
      return `${cut} of 8 mints were cut short, and nothing is left`
    },
  },
]

/** @throws what it is, when that is not the end of the connection */
function isLost(error: unknown): true {
  if (error instanceof EcomdbError && error.code === 'SERVER_LOST') return true
  throw error
}

/** The server goes on with what it has begun for a client that is gone. */
async function untilNoBroker({ session }: ShopPeople): Promise<void> {
  const sql = "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'ecomdb_broker'"
  const patience = Date.now() + 60_000
  while ((await session.value(sql)) !== '0') {
    if (Date.now() > patience) throw new Error('the broker is still connected')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
