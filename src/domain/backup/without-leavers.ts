import { definerOf, sameAccount } from '../access/definer-object.ts'
import type { AccountEntry, Manifest } from './manifest.ts'

/**
 * The manifest without the accounts of people who have left since: a restore must not bring
 * back a leaver, not even locked. Roles stay, and nobody may act as a leaver. What ran as a leaver keeps its definer, and
 * the notes name it.
 *
 * @param leavers by receipts that are newer than the snapshot
 */
export function withoutLeavers(
  manifest: Manifest,
  leavers: readonly { user: string; host: string }[],
): { manifest: Manifest; notes: string[] } {
  if (leavers.length === 0) return { manifest, notes: [] }
  const hasLeft = ({ user, host, kind }: AccountEntry): boolean =>
    kind === 'account' && leavers.some(one => one.user === user && one.host === host)
  const gone = manifest.accounts.filter(hasLeft)
  if (gone.length === 0) return { manifest, notes: [] }
  const orphans = manifest.programs.filter(({ create }) => {
    const definer = definerOf(create)
    return definer !== null && gone.some(account => sameAccount(account, definer))
  })
  return {
    manifest: {
      ...manifest,
      accounts: manifest.accounts
        .filter(account => !hasLeft(account))
        .map(account => ({
          ...account,
          grants: account.grants.filter(grant => !isProxyOf(grant, gone)),
        })),
    },
    notes: [
      `left since, and not brought back: ${gone.map(({ user, host }) => `'${user}'@'${host}'`).join(', ')}`,
      ...orphans.map(
        ({ kind, name }) => `${kind} ${name} runs as one of them: give it another definer`,
      ),
    ],
  }
}

/** SHOW GRANTS of MySQL prints backticks, that of MariaDB apostrophes. */
function isProxyOf(grant: string, gone: readonly AccountEntry[]): boolean {
  const [, user, host] = /^GRANT PROXY ON ([`'].*?[`'])@([`'].*?[`']) TO /.exec(grant) ?? []
  return gone.some(
    account =>
      user !== undefined &&
      host !== undefined &&
      isQuoted(account.user, user) &&
      isQuoted(account.host, host),
  )
}

function isQuoted(name: string, quoted: string): boolean {
  const quote = quoted.charAt(0)
  return quoted === quote + name.replaceAll(quote, quote + quote) + quote
}
