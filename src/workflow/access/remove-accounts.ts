import { EcomdbError } from '#core/errors'
import { endPersonSessions } from '../credential/end-person-sessions.ts'
import { endSessions } from './end-sessions.ts'
import { accountText, type Draft, type Leaver, step } from './leaver.ts'

/** Drops the accounts, unless something still runs as one of them; then looks what is left. */
export async function removeAccounts(leaver: Leaver, report: Draft): Promise<void> {
  const { place, session, clock } = leaver
  const { definerObjects, leavers } = place.engine
  const { accounts } = report
  const before = await leavers.traces(session, accounts)
  await step(leaver, report, 'drop', async () => {
    const left = await definerObjects.list(session, accounts)
    if (left.length > 0) return
    await leavers.endProxies(session, before.proxies)
    report.proxiesEnded.push(...before.proxies)
    await endMinted(leaver)
    await leavers.drop(session, accounts)
    for (const account of accounts.filter(({ found }) => found)) {
      report.statements.push(leavers.dropStatement(account))
    }
  })
  await step(leaver, report, 'look again', async () => {
    const states = await leavers.states(session, accounts)
    report.accounts = accounts.map((account, at) => ({
      ...account,
      dropped: states[at]?.exists === false,
    }))
    report.grantsMade.push(...before.grantsMade)
    for (const { grantee, on, privileges } of before.grantsMade) {
      report.review.push(`${accountText(grantee)} holds ${privileges} on ${on}, granted by them`)
    }
    const { proxies } = await leavers.traces(session, accounts)
    for (const { account, actsAs } of proxies) {
      report.outstanding.push(`${accountText(account)} may still act as ${accountText(actsAs)}`)
    }
    for (const role of before.administers) {
      report.review.push(
        `role ${role} has no administrator any more: drop it and make it again, or it can be granted to nobody`,
      )
    }
    // A drop ends no session either.
    const { dead } = await endSessions(place.engine, session, accounts, clock)
    if (!dead) report.outstanding.push('a session came back on the primary')
  })
}

/**
 * What a broker has made, by its own procedure: on MariaDB a role of its own goes with each. Who may
 * not call it drops the accounts all the same, and the broker's sweep does the rest.
 */
async function endMinted({ options, place, session }: Leaver): Promise<void> {
  try {
    // One that is still connected is looked for again when the accounts are gone.
    await endPersonSessions(place.engine, session, options.person, 'left')
  } catch (error) {
    if (!(error instanceof EcomdbError) || error.code !== 'PRIVILEGE_MISSING') throw error
  }
}
