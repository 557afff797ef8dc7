import type { AccountName } from '../schema/service-accounts.ts'

/**
 * Which of these accounts is a client's? The server picks the account before anything else: of
 * those with the user's name whose host fits, the one with the most specific host. It does not
 * tell which one it took, so it is worked out again. Null when none fits.
 *
 * @param clientHost as the process list says, without its port
 * @param accounts every account of the server
 */
export function accountOfClient(
  user: string,
  clientHost: string,
  accounts: readonly AccountName[],
): AccountName | null {
  const fitting = accounts.filter(one => one.user === user && hostFits(one.host, clientHost))
  return fitting.sort((a, b) => specificity(b.host) - specificity(a.host))[0] ?? null
}

/** A host of an account: a name, an address, a network with its mask, or a pattern of LIKE. */
export function hostFits(host: string, clientHost: string): boolean {
  if (host === '' || host === '%') return true
  const wanted = host.toLowerCase()
  const client = clientHost.toLowerCase()
  const network = /^([\d.]+)\/([\d.]+)$/.exec(wanted)
  if (network) return inNetwork(client, network[1] ?? '', network[2] ?? '')
  const pattern = wanted.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  return new RegExp(`^${pattern.replaceAll('%', '.*').replaceAll('_', '.')}$`).test(client)
}

/** The number of characters before the first wildcard; a host without one beats all. */
function specificity(host: string): number {
  if (host === '') return -1
  const wildcard = host.search(/[%_]/)
  return wildcard === -1 ? Number.POSITIVE_INFINITY : wildcard
}

function inNetwork(client: string, base: string, mask: string): boolean {
  const [address, network] = [bits(client), bits(base)]
  const wanted = /^\d+$/.test(mask) ? (-1 << (32 - Number(mask))) >>> 0 : bits(mask)
  if (address === null || network === null || wanted === null) return false
  return (address & wanted) >>> 0 === (network & wanted) >>> 0
}

function bits(address: string): number | null {
  const parts = address.split('.').map(Number)
  if (parts.length !== 4 || parts.some(part => !(part >= 0 && part <= 255))) return null
  return parts.reduce((sum, part) => sum * 256 + part, 0)
}
