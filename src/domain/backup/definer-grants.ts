import { blankQuotes } from '../schema/create-table.ts'
import type { AccountEntry, Manifest } from './manifest.ts'
import { definersAmong, grantTarget } from './restored-accounts.ts'

/** What is granted on a whole database. Source: both reference manuals, "GRANT". */
const ON_DATABASES: ReadonlySet<string> = new Set(
  `SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES,
   EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, SHOW CREATE ROUTINE, EVENT, TRIGGER, DELETE HISTORY,
   DELETE VERSIONING ROWS, ALL PRIVILEGES`.split(/,\s+/),
)

export interface RestoredDatabases {
  names: readonly string[]
  /** MySQL's partial_revokes: `_` and `%` in the database of a grant stand for themselves. */
  isLiteral: boolean
}

/**
 * What an account that programs run as comes back with where some databases are restored: its rights on them, by whatever
 * grant it had these. Of `*.*`, and of a database that is a pattern, that is a grant on each of them.
 */
export function grantsOnRestored(
  grants: readonly string[],
  restored: RestoredDatabases,
): { kept: string[]; lost: string[] } {
  const { names, isLiteral } = restored
  const own = new Set(
    grants.map(grantTarget).map(target => target?.name === null && target.database),
  )
  const [kept, lost]: [string[], string[]] = [[], []]
  for (const grant of grants) {
    const target = grantTarget(grant)
    if (target !== null && names.includes(target.database)) kept.push(grant)
    else if (target === null) {
      kept.push(...names.flatMap(name => fromServer(grant, name, isLiteral) ?? []))
      // Of a role, of somebody to act as, or of more than these databases.
      if (!/^(?:GRANT USAGE|REVOKE [^\n]*) ON \*\.\*/.test(grant)) lost.push(grant)
    } else if (target.name === null && !isLiteral) {
      // A grant on the name itself counts alone, and of several patterns the one that says most.
      const opened = names.filter(
        name => !own.has(name) && bestPattern(grants, name) === databaseOf(grant),
      )
      kept.push(...opened.map(name => onDatabase(grant, name, isLiteral)))
    }
  }
  return { kept, lost }
}

/**
 * Those that programs of the restored databases run as, with their rights on these and no others.
 *
 * @param databases null for all
 */
export function definerAccounts(
  manifest: Pick<Manifest, 'accounts' | 'programs' | 'databases' | 'settings'>,
  databases: readonly string[] | null,
): { account: AccountEntry; lost: readonly string[] }[] {
  const isRestored = (name: string): boolean => databases?.includes(name) ?? true
  const restored = {
    names: manifest.databases.map(({ name }) => name).filter(isRestored),
    isLiteral: manifest.settings['partial_revokes'] === 'ON',
  }
  return definersAmong(manifest.accounts, manifest.programs, isRestored).map(account => {
    const { kept, lost } = grantsOnRestored(account.grants, restored)
    return { account: { ...account, grants: kept }, lost }
  })
}

/** A grant on all that is there, as one on a database; null where none of its privileges is on databases. */
function fromServer(grant: string, name: string, isLiteral: boolean): string | null {
  const [, verb = '', list = '', rest = ''] =
    /^(GRANT|REVOKE) ([A-Z_, ]+) ON \*\.\* ((?:TO|FROM) .*)$/s.exec(grant) ?? []
  const privileges = list.split(/, ?/).filter(privilege => ON_DATABASES.has(privilege))
  if (privileges.length === 0) return null
  const whom = rest.slice(0, endOfAccount(rest))
  return `${verb} ${privileges.join(', ')} ON ${patternText(name, isLiteral)}.* ${whom}`
}

/** MariaDB prints a password behind the account, and REQUIRE, and WITH GRANT OPTION, of which a program has no use. */
function endOfAccount(rest: string): number {
  const end = blankQuotes(rest).search(/ (?:IDENTIFIED|REQUIRE|WITH|AS) /)
  return end < 0 ? rest.length : end
}

function onDatabase(grant: string, name: string, isLiteral: boolean): string {
  const start = blankQuotes(grant).indexOf(' ON ') + ' ON '.length
  const quoted = /^`(?:[^`]|``)*`/.exec(grant.slice(start))?.[0] ?? ''
  return grant.slice(0, start) + patternText(name, isLiteral) + grant.slice(start + quoted.length)
}

function patternText(name: string, isLiteral: boolean): string {
  const text = isLiteral ? name : name.replaceAll(/[\\_%]/g, '\\$&')
  return `\`${text.replaceAll('`', '``')}\``
}

/** The database of a grant as it was printed, with its backslashes; null where it is on no whole one. */
function databaseOf(grant: string): string | null {
  const target = grantTarget(grant)
  if (target === null || target.name !== null) return null
  const start = blankQuotes(grant).indexOf(' ON ') + ' ON '.length
  return (/^`((?:[^`]|``)*)`/.exec(grant.slice(start))?.[1] ?? '').replaceAll('``', '`')
}

/** As the servers sort them: who has most letters before the first that stands for others. */
function bestPattern(grants: readonly string[], name: string): string | null {
  const found = grants
    .flatMap(grant => databaseOf(grant) ?? [])
    .filter(pattern => expressionOf(pattern).test(name))
  return found.toSorted((a, b) => lettersOf(b) - lettersOf(a))[0] ?? null
}

const lettersOf = (pattern: string): number => /^(?:\\.|[^%_\\])*/.exec(pattern)?.[0].length ?? 0

function expressionOf(pattern: string): RegExp {
  const parts = pattern.matchAll(/\\(.)|([%_])|([^\\])/gs)
  const text = Array.from(parts, ([, escaped, wild, letter]) =>
    wild ? (wild === '%' ? '.*' : '.') : (escaped ?? letter ?? '').replace(/\W/, '\\$&'),
  )
  return new RegExp(`^${text.join('')}$`, 's')
}
