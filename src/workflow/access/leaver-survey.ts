import { EcomdbError } from '#core/errors'
import { accountText, type Draft, type Leaver } from './leaver.ts'

/**
 * Who it is, and which accounts stand for the person. Accounts of that name that ecomdb does
 * not answer for are never taken along: they may be somebody else's. They are named.
 *
 * @throws EcomdbError USAGE when ecomdb knows no such person
 */
export async function surveyLeaver(leaver: Leaver, report: Draft): Promise<void> {
  const { options, place, session } = leaver
  const { leavers } = place.engine
  const unknown = await leavers.unknownAccounts(session, options.person)
  const person = await leavers.person(session, options.person)
  refuseStrangers(leaver)
  if (!person && options.accounts.length === 0) throw noSuchPerson(options.person, unknown)
  if (!options.dryRun && options.confirm === options.person && options.accounts.length > 0) {
    await leavers.adopt(session, options.person, options.accounts)
  }
  report.fullName = person?.fullName ?? null
  const known = person ? await leavers.accounts(session, options.person) : []
  const states = await leavers.states(session, options.accounts)
  const named = states.filter(
    ({ account }) => !known.some(one => one.user === account.user && one.host === account.host),
  )
  report.accounts = [
    ...known.map(({ user, host, kind, exists }) => ({ user, host, kind, exists })),
    ...named.map(({ account, exists }) => ({ ...account, kind: 'adopted' as const, exists })),
  ].map(({ exists, ...account }) => ({ ...account, found: exists, dropped: false }))
  const strangers = unknown.filter(
    one => !options.accounts.some(({ user, host }) => user === one.user && host === one.host),
  )
  for (const stranger of strangers) {
    report.review.push(
      `${accountText(stranger)} has the person's name and is not known to be theirs: if it is, repeat with --account '${stranger.user}@${stranger.host}'`,
    )
  }
}

function refuseStrangers({ options }: Leaver): void {
  const own = options.accounts.find(({ user }) => user === '' || user.startsWith('ecomdb_'))
  if (!own) return
  throw new EcomdbError('USAGE', {
    what: `${accountText(own)} stands for no person`,
    why: 'it is an account of ecomdb itself, or nobody’s',
  })
}

function noSuchPerson(
  handle: string,
  unknown: readonly { user: string; host: string }[],
): EcomdbError {
  return new EcomdbError('USAGE', {
    what: `nobody called ${handle} is on record`,
    why:
      unknown.length > 0
        ? `the server has ${unknown.map(accountText).join(', ')}, which nobody has said is theirs`
        : 'and the server has no account of that name',
    hints: unknown.map(
      ({ user, host }) =>
        `if it is theirs: \`ecomdb offboard ${handle} --account '${user}@${host}' --dry-run\``,
    ),
  })
}
