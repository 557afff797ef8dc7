import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import { silentProgress } from '#core/progress'
import { Secret } from '#core/secret'
import type { RunningServer } from '#engine/scratch-server'
import { BackupPlace } from '#test/backed-up'
import { runEcomdb } from '#test/cli'
import type { ShopPeople, Somebody } from '#test/login/shop-people'
import { startOwnServer } from '#test/own-server'
import { withFolder } from '#test/temporary'
import { offboard } from '#workflow/access/offboard'
import { logIn } from '#workflow/credential/log-in'
import type { LoginAttack } from './login-attack.ts'
import { refused } from './refused.ts'

/** How long after the login the offboarding begins: before, in and after the mint. */
const LEADS_MS = [0, 5, 10, 15, 20, 30, 45, 60]
/** Tried one after the other until a login was faster than the offboarding. */
const LATER_MS = [120, 250, 500, 1000, 2000, 4000]

export const LEAVER_ATTACKS: readonly LoginAttack[] = [
  {
    name: 'a login that races with the offboarding',
    expected: 'LOGIN_REFUSED, or its session is dead and dropped when the offboarding is over',
    async run(shop, { person }) {
      let minted = 0
      let tried = 0
      for (const leadMs of [...LEADS_MS, ...LATER_MS]) {
        if (tried >= LEADS_MS.length && minted > 0) break
        if (await raceOut(shop, `${person}.${tried}`, leadMs)) minted += 1
        tried += 1
      }
      if (minted === 0) throw new Error(`none of ${tried} logins was faster: nothing was shown`)
      return `${minted} of ${tried} got a session, and none is left`
    },
  },
  {
    name: 'a restored backup that brings a leaver back',
    expected: 'neither the identity account nor a session account is there; no login',
    run: (shop, somebody) => withFolder(folder => restoreAfter(shop, somebody, folder)),
  },
]

/**
 * @returns whether the login got a session
 * @throws Error when something of the person is left, or the login ended in another way
 */
async function raceOut(shop: ShopPeople, handle: string, leadMs: number): Promise<boolean> {
  const racer = await shop.add(handle)
  const entering = shop.logIn(racer).then(async session => ({
    session,
    open: await shop.connectAs(session).catch(tooLate),
  }))
  const entered = entering.catch((error: unknown) => ({ error }))
  await sleep(leadMs)
  await takeOut(shop, racer.person)
  const got = await entered
  const left = await accountsLike(shop, racer.person)
  if (left !== '0') throw new Error(`${left} accounts of ${racer.person} are left`)
  if ('error' in got) {
    await refused(entering, 'LOGIN_REFUSED')
    return false
  }
  if (got.open) await refused(got.open.value('SELECT 1'), 'SERVER_LOST')
  await refused(shop.connectAs(got.session), 'AUTHENTICATION_REFUSED')
  return true
}

/** The session account was locked, or the connection killed, before it was in. */
function tooLate(error: unknown): null {
  const codes = ['AUTHENTICATION_REFUSED', 'SERVER_LOST', 'SERVER_UNREACHABLE']
  if (error instanceof EcomdbError && codes.includes(error.code)) return null
  throw error
}

async function takeOut({ engine, server }: ShopPeople, person: string): Promise<void> {
  const definer = { user: 'ecomdb_definer', host: 'localhost' }
  const options = { person, accounts: [], dryRun: false, confirm: person, definer }
  const keepReceipt = async (): Promise<{ stored: string; problem: null }> => ({
    stored: 'nowhere',
    problem: null,
  })
  const connect = server.administrator
  const place = { engine, connect, replicas: [], repositoryId: null, keepReceipt }
  const { outstanding } = await offboard(options, place, systemClock, silentProgress())
  if (outstanding.length > 0) throw new Error(outstanding.join('; '))
}

/** Backed up with a session open, then out; then all of it, ecomdb's records too, elsewhere. */
async function restoreAfter(shop: ShopPeople, somebody: Somebody, folder: string): Promise<string> {
  const { person } = somebody
  const { family } = shop.engine
  const place = await BackupPlace.make(folder, family)
  const { signingKeyFile, trustedSigners, identityFiles } = place.config
  const config = join(folder, 'ecomdb.yaml')
  await writeFile(
    config,
    `target: {directory: ${place.path}}\nkeys:\n  signing_key_file: ${signingKeyFile}\n  trusted_signers: ${JSON.stringify(trustedSigners)}\n  identity_files: ${JSON.stringify(identityFiles)}\n`,
  )
  const run = async (server: RunningServer, ...args: string[]): Promise<void> => {
    const env = { ECOMDB_SOCKET: server.socketPath, ECOMDB_USER: 'root', ECOMDB_CONFIG: config }
    const { status, stdout, stderr } = await runEcomdb([...args, '--json'], { env })
    if (status !== 0) throw new Error(`${args.join(' ')}: ${status} ${stdout} ${stderr}`)
  }
  const session = await shop.logIn(somebody)
  await place.backUp(shop.server)
  await run(shop.server, 'offboard', person, '--confirm', person)
  const other = await startOwnServer(family)
  try {
    await run(other.server, 'restore', 'latest', '--confirm', 'shop', '--service', 'ecomdb_broker')
    const root = other.server.administrator
    const elsewhere = await other.engine.connect(root)
    const left = await elsewhere.value(
      'SELECT COUNT(*) FROM mysql.user WHERE user = ? OR user LIKE ?',
      [person, `s\\_${person}%`],
    )
    await elsewhere.close()
    if (left !== '0') throw new Error(`${left} accounts of ${person} came back`)
    shop.clock.advance(60_000)
    const { password, seed } = somebody
    const code = await shop.code(seed)
    const issuer = { ...shop.issuer, connect: { ...root } }
    const login = { person, password, code: new Secret(code), recovery: false }
    await refused(logIn(issuer, login), 'LOGIN_REFUSED')
    const direct = other.engine.connect({ ...root, user: session.user, password: session.password })
    return await refused(direct, 'AUTHENTICATION_REFUSED')
  } finally {
    await other.remove()
  }
}

async function accountsLike({ session }: ShopPeople, person: string): Promise<string | null> {
  const sql = 'SELECT COUNT(*) FROM mysql.user WHERE user LIKE ? OR user = ?'
  return await session.value(sql, [`%s\\_${person.slice(0, 16)}\\_%`, person])
}
