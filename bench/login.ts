import { ShopPeople, type Somebody } from '#test/login/shop-people'
import type { BenchContext, Benchmark } from './benchmark.ts'
import { median } from './benchmark.ts'
import type { Measured } from './measure.ts'
import { countServer } from './measure.ts'

/** What a login may take beyond the server's own look at the password. */
const BAR_SECONDS = 0.15
const AT_ONCE = 50
const LOGINS = 15
/** Later than the step of a code that was used. */
const NEXT_CODE_MS = 60_000

/**
 * The broker's work for one login, from the request to a session account: its connection, the count,
 * the code, the account. The server's own look at the password is taken off: it is measured by itself
 * before each. The other side is the bar. Beside it: 50 people at once, each fifth with a wrong code;
 * every one must get the right answer.
 */
export const login: Benchmark = {
  name: 'login',
  bar: 1,
  perEngine: true,
  async prepare(context) {
    const shop = await ShopPeople.open(context.family)
    const forget = countServer(shop.server.pid)
    const somebody = await shop.add('p')
    const seen: Record<string, number> = {}
    return {
      peerName: `the bar: ${BAR_SECONDS} s beyond the password check`,
      ours: async () => {
        const pairs: { check: number; whole: number }[] = []
        for (let at = 0; at < LOGINS; at += 1) pairs.push(await one(shop, somebody))
        seen['the password check'] = median(pairs.map(({ check }) => check))
        seen['the whole login'] = median(pairs.map(({ whole }) => whole))
        return seconds(median(pairs.map(({ check, whole }) => whole - check)))
      },
      peer: async () => seconds(BAR_SECONDS),
      beside: async () => ({ ...seen, [`${AT_ONCE} at once`]: await atOnce(shop, context) }),
      close: async () => {
        forget()
        await shop.close()
      },
    }
  },
}

async function one(
  shop: ShopPeople,
  somebody: Somebody,
): Promise<{ check: number; whole: number }> {
  shop.clock.advance(NEXT_CODE_MS)
  const code = await shop.code(somebody.seed)
  const { connect } = shop.issuer
  const check = await timed(() =>
    shop.engine.credentials.checkPassword(connect, somebody.person, somebody.password),
  )
  return { check, whole: await timed(() => shop.logIn(somebody, { code })) }
}

async function atOnce(shop: ShopPeople, { say }: BenchContext): Promise<number> {
  say(`making ${AT_ONCE} people`)
  const crowd: Somebody[] = []
  for (let at = 0; at < AT_ONCE; at += 1) crowd.push(await shop.add(`crowd${at}`))
  shop.clock.advance(NEXT_CODE_MS)
  const codes = await Promise.all(crowd.map(({ seed }) => shop.code(seed)))
  const isWrong = (at: number): boolean => at % 5 === 4
  const wrong = (code: string): string => String((Number(code) + 1) % 1_000_000).padStart(6, '0')
  const started = performance.now()
  const answers = await Promise.allSettled(
    crowd.map(async (somebody, at) => {
      const code = codes[at] ?? ''
      return await shop.logIn(somebody, { code: isWrong(at) ? wrong(code) : code })
    }),
  )
  const tookS = (performance.now() - started) / 1000
  for (const [at, answer] of answers.entries()) {
    const person = crowd[at]?.person
    const isRight =
      answer.status === 'fulfilled'
        ? !isWrong(at) && answer.value.user.startsWith(`s_${person}_`)
        : isWrong(at) && (answer.reason as { code?: string }).code === 'LOGIN_REFUSED'
    if (!isRight) throw new Error(`${person}: ${JSON.stringify(answer)}`)
  }
  return tookS
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}

function seconds(value: number): Measured {
  return { seconds: value, peakBytes: null, cpuSeconds: 0, stdout: '' }
}
