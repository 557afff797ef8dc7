import type { ShopPeople, Somebody } from '#test/login/shop-people'

/** What somebody tries who has the right password, or a part of a login, and not all of it. */
export interface LoginAttack {
  name: string
  expected: string
  run(shop: ShopPeople, somebody: Somebody): Promise<string>
}
