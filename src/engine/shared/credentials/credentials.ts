import type { Credentials } from '../../credentials.ts'
import type { AccountDialect } from '../provision/accounts.ts'
import {
  accountsOf,
  addToHistory,
  checkPassword,
  clearThrottle,
  history,
  type IdentityDialect,
  makeIdentity,
  setPassword,
} from './identities.ts'
import { endSession, issuerSteps, mint, openSessions, runIssuerStep } from './issuer.ts'
import type { IssuerDialect } from './issuer-dialect.ts'
import { addPerson, people, person, setState } from './people.ts'
import { totpStore } from './totp-store.ts'

export function credentials(
  identity: IdentityDialect,
  issuer: IssuerDialect,
  accounts: AccountDialect,
): Credentials {
  return {
    people,
    person,
    addPerson,
    setState,
    accountsOf: (session, handle) => accountsOf(session, identity, handle),
    makeIdentity: (session, handle, account, password, lockout) =>
      makeIdentity(session, identity, { person: handle, account, password, lockout }),
    setPassword,
    clearThrottle: (session, account, lockout) =>
      clearThrottle(session, identity, account, lockout),
    checkPassword,
    history,
    addToHistory,
    ...totpStore,
    issuerSteps: (session, options) => issuerSteps(session, issuer, accounts, options),
    runIssuerStep,
    mint,
    endSession,
    openSessions,
  }
}
