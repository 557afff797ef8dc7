import { definerAccounts } from '#domain/backup/definer-grants'
import type { Manifest } from '#domain/backup/manifest'
import type { RestorePlan } from '#domain/backup/restore-plan'
import { maskHashes } from '#domain/backup/restored-accounts'
import type { AccountName } from '#domain/schema/service-accounts'
import { quoteAccount } from '#engine/quote'

/** Somebody whom programs run as, who is made with fewer rights than on the source. */
export interface WeakerDefiner {
  account: AccountName
  /** What is not granted, as the source printed it. */
  lost: readonly string[]
}

/** Where some databases are restored: rights on them alone come, and no role, nothing on the server, nobody to act as. */
export function weakerDefiners(
  manifest: Manifest,
  databases: readonly string[] | undefined,
  { makes }: Pick<RestorePlan, 'makes'>,
): WeakerDefiner[] {
  if (databases === undefined) return []
  return definerAccounts(manifest, databases)
    .filter(({ account: { user, host }, lost }) => {
      return lost.length > 0 && makes.accounts.some(one => one.user === user && one.host === host)
    })
    .map(({ account, lost }) => ({ account, lost: lost.map(maskHashes) }))
}

/** The server looks at such rights when a program runs, and not when it is made. */
export function weakerFindings(weaker: readonly WeakerDefiner[]): string[] {
  if (weaker.length === 0) return []
  return [
    `programs run as ${namesOf(weaker)}, made here with what they may do on these databases, by whatever grant; the rest of what they had is not granted, and a program that needs it fails when it runs; on the source: ${grantsOf(weaker)}`,
  ]
}

export function namesOf(weaker: readonly WeakerDefiner[]): string {
  return weaker.map(({ account: { user, host } }) => quoteAccount(user, host)).join(', ')
}

export function grantsOf(weaker: readonly WeakerDefiner[]): string {
  return weaker.flatMap(({ lost }) => lost).join('; ')
}
