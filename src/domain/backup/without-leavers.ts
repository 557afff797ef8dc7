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
          grants: account.grants.flatMap(grant => withoutAccounts(grant, gone) ?? []),
        })),
    },
    notes: [
      `left since, and not brought back: ${gone.map(({ user, host }) => `'${user}'@'${host}'`).join(', ')}`,
      ...manifest.accounts.flatMap(account =>
        hasLeft(account)
          ? []
          : account.grants
              .filter(grant => withoutAccounts(grant, gone) !== grant)
              .map(grant => `left out, for it is about one of them: ${grant}`),
      ),
      ...orphans.map(
        ({ kind, name }) => `${kind} ${name} runs as one of them: give it another definer`,
      ),
    ],
  }
}

const NAME = "(`(?:[^`]|``)*`|'(?:[^']|'')*')"
const ACCOUNT = `${NAME}@${NAME}`
const PROXY = new RegExp(`^GRANT PROXY ON ${ACCOUNT} TO `)
/** MySQL: an account can be granted as a role is. */
const AS_ROLES = new RegExp(`^(GRANT|SET DEFAULT ROLE) (${ACCOUNT}(?:, ?${ACCOUNT})*)(?= TO )`)

/** What SHOW GRANTS printed (MariaDB in apostrophes), without accounts that are gone; null when nothing is left. */
function withoutAccounts(grant: string, gone: readonly AccountEntry[]): string | null {
  const isGone = (user = '', host = ''): boolean =>
    gone.some(one => isQuoted(one.user, user) && isQuoted(one.host, host))
  const [proxy, whom, from] = PROXY.exec(grant) ?? []
  if (proxy !== undefined) return isGone(whom, from) ? null : grant
  const [start, verb = '', list = ''] = AS_ROLES.exec(grant) ?? []
  if (start === undefined) return grant
  const roles = [...list.matchAll(new RegExp(ACCOUNT, 'g'))]
  const kept = roles.filter(([, user, host]) => !isGone(user, host)).map(([role]) => role)
  if (kept.length === roles.length) return grant
  return kept.length === 0 ? null : `${verb} ${kept.join(',')}${grant.slice(start.length)}`
}

function isQuoted(name: string, quoted: string): boolean {
  const quote = quoted.charAt(0)
  return quoted === quote + name.replaceAll(quote, quote + quote) + quote
}
