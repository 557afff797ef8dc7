import { EcomdbError, type ErrorCode } from '#core/errors'
import type { ShopPeople, Somebody } from '#test/login/shop-people'

/** What somebody tries who has the right password, or a part of a login, and not all of it. */
export interface LoginAttack {
  name: string
  expected: string
  run(shop: ShopPeople, somebody: Somebody): Promise<string>
}

/** @throws Error when it is not refused, or with another code */
export async function refused(attempt: Promise<unknown>, ...codes: ErrorCode[]): Promise<string> {
  const error: unknown = await attempt.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (error instanceof EcomdbError && codes.includes(error.code)) return error.code
  throw new Error(`expected ${codes.join(' or ')}, got ${String(error ?? 'a success')}`)
}
