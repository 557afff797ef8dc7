import { quoteAccount } from './quote.ts'

/** Makes an account that nobody can use, for programs to run as. */
export function lockedAccount({ user, host }: { user: string; host: string }): string {
  return `CREATE USER ${quoteAccount(user, host)} ACCOUNT LOCK`
}
