import { spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadPasswordPolicy } from '#config/password-policy-file'
import { systemClock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import { Secret } from '#core/secret'
import { TEST_ENGINES } from '#test/engines'
import { raceWithCode } from '#test/login/race-with-code'
import { ShopPeople, type Somebody } from '#test/login/shop-people'
import { askBroker } from '#workflow/broker/ask-broker'
import { lineChannel } from '#workflow/broker/line-channel'
import { serveClient } from '#workflow/broker/serve-client'
import { sweepSessions } from '#workflow/broker/sweep-sessions'
import { listUsers, lockUser, showUser, unlockUser } from '#workflow/credential/people'
import { changePassword } from '#workflow/credential/set-password'

const REFUSED = { code: 'LOGIN_REFUSED' }
const THROTTLED = { code: 'LOGIN_THROTTLED' }

describe.each(TEST_ENGINES)('%s', family => {
  let shop: ShopPeople
  let alice: Somebody
  beforeAll(async () => {
    shop = await ShopPeople.open(family)
    alice = await shop.add('alice')
  })
  afterAll(() => shop?.close())

  test('password and code give an account with the role alone; its end kills and drops it', async () => {
    const minted = await shop.logIn(alice)
    expect(minted).toMatchObject({ host: 'localhost', tls: family === 'mysql' })
    expect(minted.user.length).toBeLessThanOrEqual(32)
    const session = await shop.connectAs(minted)
    expect(await session.value('SELECT COUNT(*) FROM shop.orders')).toBe('2')
    for (const sql of ['DELETE FROM shop.orders', 'SELECT * FROM mysql.user', 'CREATE USER x']) {
      await expect(session.run(sql)).rejects.toMatchObject({ code: 'PRIVILEGE_MISSING' })
    }
    const second = await shop.connectAs(minted)
    await expect(shop.connectAs(minted)).rejects.toThrow(/max_user_connections/)
    await second.close()
    if (family === 'mysql') {
      await expect(shop.connectAs({ ...minted, tls: false })).rejects.toMatchObject({
        code: 'AUTHENTICATION_REFUSED',
      })
    }
    expect((await showUser(shop.people, 'alice')).sessions).toHaveLength(1)
    await sweepSessions(shop.issuer, 'test', ({ user }) => user === minted.user)
    await expect(session.value('SELECT 1')).rejects.toMatchObject({ code: 'SERVER_LOST' })
    await expect(shop.connectAs(minted)).rejects.toMatchObject({ code: 'AUTHENTICATION_REFUSED' })
    const gone = await shop.session.value('SELECT COUNT(*) FROM mysql.user WHERE user LIKE ?', [
      '%s\\_alice%',
    ])
    expect(gone).toBe('0')
  })

  test('a password is in no file of the server', async () => {
    const data = join(shop.server.folder, 'data')
    const found = spawnSync('grep', ['-rlaF', '-e', alice.password.reveal(), data])
    expect(found.stdout.toString()).toBe('')
    expect(found.status).toBe(1)
  })

  test('the client around it: the right password opens nothing, from anywhere', async () => {
    const direct = shop.engine.connect({
      ...shop.server.administrator,
      user: 'alice',
      password: alice.password,
    })
    await expect(direct).rejects.toMatchObject({ code: 'AUTHENTICATION_REFUSED' })
    const { enforcement } = await showUser(shop.people, 'alice')
    expect(enforcement.level).toBe(2)
    // Who unlocks it is told what that means, and gets no session any more.
    await shop.session.run("ALTER USER 'alice'@'localhost' ACCOUNT UNLOCK")
    expect((await showUser(shop.people, 'alice')).enforcement).toMatchObject({ level: 0 })
    shop.clock.advance(60_000)
    await expect(shop.logIn(alice)).rejects.toMatchObject(REFUSED)
    await shop.session.run("ALTER USER 'alice'@'localhost' ACCOUNT LOCK")
    expect((await showUser(shop.people, 'alice')).enforcement.level).toBe(2)
  })

  test('the account of the broker makes no account, reads no data, and mints for nobody else', async () => {
    const broker = await shop.engine.connect({ ...shop.issuer.connect, database: undefined })
    const refused = ['CREATE USER x', 'SELECT * FROM shop.orders', 'SELECT * FROM mysql.user']
    for (const sql of [...refused, "ALTER USER root@localhost IDENTIFIED BY 'x'"]) {
      await expect(broker.run(sql)).rejects.toMatchObject({ code: 'PRIVILEGE_MISSING' })
    }
    const wanted = { suffix: '0123456789ab', password: new Secret('Abcdefgh23456789-Xyz.1') }
    const limits = { lastsS: 60, connections: 1 }
    const { credentials } = shop.engine
    expect(await credentials.mint(broker, { ...wanted, ...limits, person: 'root' })).toBe(
      'not active',
    )
    for (const odd of [{ lastsS: 90_000 }, { connections: 50 }, { suffix: "'; DROP" }]) {
      const asked = { ...wanted, ...limits, person: 'alice', ...odd }
      await expect(credentials.mint(broker, asked)).rejects.toThrow(/no such session/)
    }
    expect(await credentials.endSession(broker, 'root', 'x')).toBe('not open')
    await broker.close()
  })

  test('what is not six digits, used, older, or a guess is refused; the waits are durable', async () => {
    await unlockUser(shop.people, 'alice', { attempts: 10, days: 1 })
    shop.clock.advance(90_000)
    const code = await shop.code(alice.seed)
    const spaced = `${code.slice(0, 3)} ${code.slice(3)}`
    for (const odd of [spaced, ` ${code}`, `${code}\n`, await shop.code(alice.seed, -2)]) {
      await expect(shop.logIn(alice, { code: odd })).rejects.toMatchObject(REFUSED)
    }
    // The fifth is right, and takes the four back.
    await shop.logIn(alice, { code })
    await expect(shop.logIn(alice, { code })).rejects.toMatchObject(REFUSED)
    // Older than the one that was used, and in time.
    const older = await shop.code(alice.seed, -1)
    await expect(shop.logIn(alice, { code: older })).rejects.toMatchObject(REFUSED)
    const wrong = { password: 'not the password' }
    for (let tried = 2; tried < 5; tried += 1) {
      await expect(shop.logIn(alice, wrong)).rejects.toMatchObject(REFUSED)
    }
    shop.clock.advance(30_000)
    await expect(shop.logIn(alice)).rejects.toMatchObject(THROTTLED)
    shop.clock.advance(31_000)
    await shop.logIn(alice)
    await expect(shop.logIn(alice, { person: "alice' -- " })).rejects.toMatchObject(REFUSED)
    await expect(shop.logIn(alice, { person: 'nobody' })).rejects.toMatchObject(REFUSED)
  })

  test('a recovery code is for one login, and then a new enrolment is needed', async () => {
    const rob = await shop.add('rob')
    const [first = '', second = ''] = rob.recoveryCodes
    expect(rob.recoveryCodes).toHaveLength(10)
    await shop.logIn(rob, { code: first.toLowerCase().replaceAll('-', ' '), recovery: true })
    await expect(shop.logIn(rob, { code: first, recovery: true })).rejects.toMatchObject(REFUSED)
    await expect(shop.logIn(rob)).rejects.toMatchObject(REFUSED)
    expect(await showUser(shop.people, 'rob')).toMatchObject({
      secondFactor: 'renew',
      recoveryCodesLeft: 9,
      enforcement: { level: null },
    })
    const { seed } = await shop.enroll('rob')
    await expect(shop.logIn(rob, { code: second, recovery: true })).rejects.toMatchObject(REFUSED)
    await shop.logIn({ ...rob, seed })
    await expect(shop.logIn(rob)).rejects.toMatchObject(REFUSED)
  })

  test('lock ends every session and lets nobody in; a sealed seed of another is of no use', async () => {
    const lena = await shop.add('lena')
    const session = await shop.connectAs(await shop.logIn(lena))
    const { state, sessions } = await lockUser(shop.people, 'lena')
    expect({ state, sessions }).toEqual({ state: 'locked', sessions: [] })
    await expect(session.value('SELECT 1')).rejects.toMatchObject({ code: 'SERVER_LOST' })
    shop.clock.advance(60_000)
    await expect(shop.logIn(lena)).rejects.toMatchObject(REFUSED)
    await unlockUser(shop.people, 'lena', { attempts: 10, days: 1 })
    await shop.logIn(lena)
    const root = await shop.engine.connect(shop.server.administrator)
    await root.run(`UPDATE ecomdb_access.totp t JOIN ecomdb_access.totp a ON a.person = 'alice'
      SET t.sealed_seed = a.sealed_seed, t.version = a.version WHERE t.person = 'lena'`)
    await root.close()
    shop.clock.advance(60_000)
    await expect(shop.logIn(lena, { code: await shop.code(alice.seed) })).rejects.toMatchObject({
      code: 'WRONG_IDENTITY',
    })
    const { people } = await listUsers(shop.people)
    expect(people.map(({ person }) => person)).toEqual(['alice', 'lena', 'rob'])
  })

  test('an earlier password does not come back, and a weak one is refused with all reasons', async () => {
    const policy = await loadPasswordPolicy({})
    const change = (password: Secret) =>
      changePassword(shop.people, 'alice', { policy, password, clock: systemClock })
    await expect(change(alice.password)).rejects.toMatchObject({ code: 'PASSWORD_REFUSED' })
    const weak = await change(new Secret('alice123')).catch(error => error)
    expect(weak.why).toMatch(/needs 12.*no capital.*no special.*run of 3.*name.*strength/)
    expect(weak.message).not.toContain('alice123')
    const next = new Secret('Vk7-mQx2.tRw9+Zb')
    await change(next)
    shop.clock.advance(3_600_000)
    await expect(shop.logIn(alice)).rejects.toMatchObject(REFUSED)
    await shop.logIn({ ...alice, password: next })
  })

  test('who has a session ended that does not end, or whose broker cannot say, is told', async () => {
    const tess = await shop.add('tess')
    const { engine, issuer } = shop
    const lost = new EcomdbError('SERVER_LOST', { what: 'the server is away' })
    for (const [endSession, says] of [
      [async () => 'still connected' as const, /^the session s_tess_\S+ does not end/],
      [
        () => Promise.reject(lost),
        /^the broker does not say that the session s_tess_\S+ has ended/,
      ],
    ] as const) {
      const credentials = { ...engine.credentials, endSession }
      const stuck = { ...issuer, engine: { ...engine, credentials } }
      const socketPath = join(shop.folder, 'stuck.sock')
      const broker = createServer(socket => {
        const served = serveClient(stuck, lineChannel(socket, socket))
        void served.catch(() => {}).finally(() => socket.end())
      })
      await new Promise<void>(resolve => broker.listen(socketPath, resolve))
      const code = new Secret(await shop.code(tess.seed))
      const login = { person: 'tess', password: tess.password, code, recovery: false, hold: true }
      const held = await askBroker({ socketPath }, login)
      await expect(held.end()).rejects.toThrow(says)
      await new Promise(closed => broker.close(closed))
      shop.clock.advance(60_000)
    }
  })

  test('of 32 sessions in 8 processes with one code one wins, and none after a restart of the server', async () => {
    const rita = await shop.add('rita')
    const code = await shop.code(rita.seed)
    expect(await raceWithCode(shop, rita, code, 8, 4)).toEqual({ won: 1, lost: 31 })
    await shop.session.close()
    const { folder } = shop.server
    await shop.engine.scratchServers.stop(folder)
    await shop.engine.scratchServers.start({ folder, tcp: false, purpose: 'sandbox' })
    expect(await raceWithCode(shop, rita, code, 1, 1)).toEqual({ won: 0, lost: 1 })
  })
})
