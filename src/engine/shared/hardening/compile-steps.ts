import type { PrivilegePlace, Remedy } from '#domain/hardening/check'
import type { HardeningFacts } from '#domain/hardening/facts'
import type { HardenStep, Mendable } from '#domain/hardening/fix-plan'
import { quoteAccount, quoteIdentifier, quoteQualified } from '../../quote.ts'
import type { HardeningDialect } from './dialect.ts'

/** Settings after which a client without TLS is refused. */
const LOCKING = ['require_secure_transport']

export function compileSteps(
  { check, remedies }: Mendable,
  facts: HardeningFacts,
  dialect: HardeningDialect,
): HardenStep[] {
  return remedies
    .flatMap(remedy => stepsOf(remedy, facts, dialect))
    .map(step => ({ ...NOTHING, ...step, check: check.id }))
}

const NOTHING = { undo: [], lines: [], subject: null, mayLockOut: false }

type Step = Pick<HardenStep, 'kind' | 'text'> & Partial<HardenStep>

function stepsOf(remedy: Remedy, facts: HardeningFacts, dialect: HardeningDialect): Step[] {
  switch (remedy.kind) {
    case 'setting':
      return [settingStep(remedy, facts, dialect)]
    case 'install':
      return [{ kind: 'setting', ...dialect.install(remedy.name), subject: remedy.name }]
    case 'file':
      return [fileStep(remedy.lines, dialect)]
    case 'advice':
      return [{ kind: 'advice', text: remedy.text }]
    case 'revoke':
      return revokeSteps(remedy.privileges)
    case 'drop-schema':
      return [dropSchema(remedy.schema)]
    default:
      return [accountStep(remedy)]
  }
}

function settingStep(
  { name, value }: Extract<Remedy, { kind: 'setting' }>,
  facts: HardeningFacts,
  dialect: HardeningDialect,
): Step {
  if (!/^[a-z_.]+$/.test(name)) throw new RangeError(`no variable: ${name}`)
  if (dialect.readOnly.has(name)) return fileStep([`${name} = ${value}`], dialect)
  const step = dialect.setting(name, value, facts.variables.get(name) ?? '')
  const lines = step.lines.length > 0 ? fileStep(step.lines, dialect).lines : []
  const mayLockOut = LOCKING.includes(name)
  return { kind: 'setting', ...step, lines: lines ?? [], subject: name, mayLockOut }
}

function dropSchema(schema: string): Step {
  return { kind: 'account', text: `DROP DATABASE ${quoteIdentifier(schema)}`, subject: schema }
}

function fileStep(lines: readonly string[], { section }: HardeningDialect): Step {
  return { kind: 'file', text: lines.join('\n'), lines: [`[${section}]`, ...lines] }
}

function accountStep(
  remedy: Extract<Remedy, { kind: 'require-tls' | 'lock' | 'drop-account' }>,
): Step {
  const { account } = remedy
  const name = quoted(account)
  if (remedy.kind === 'drop-account')
    return { kind: 'account', text: `DROP USER ${name}`, subject: account }
  const [change, back] =
    remedy.kind === 'lock' ? ['ACCOUNT LOCK', 'ACCOUNT UNLOCK'] : ['REQUIRE SSL', 'REQUIRE NONE']
  const mayLockOut = remedy.kind === 'require-tls'
  const undo = [`ALTER USER ${name} ${back}`]
  return {
    kind: 'account',
    text: `ALTER USER ${name} ${change}`,
    undo,
    subject: account,
    mayLockOut,
  }
}

/** One statement for each account and place, as one REVOKE takes them. */
function revokeSteps(privileges: readonly PrivilegePlace[]): Step[] {
  const groups = Map.groupBy(privileges, one => `${one.account}\n${one.schema}\n${one.table}`)
  return [...groups.values()].flatMap(group => {
    const [first] = group
    if (!first) return []
    const list = [...new Set(group.map(({ privilege }) => privilege))].join(', ')
    const on = placeOf(first)
    const who = first.account.endsWith('@')
      ? quoteIdentifier(first.account.slice(0, -1))
      : quoted(first.account)
    const text = `REVOKE ${list} ON ${on} FROM ${who}`
    return [
      {
        kind: 'account' as const,
        text,
        undo: [`GRANT ${list} ON ${on} TO ${who}`],
        subject: first.account,
      },
    ]
  })
}

function placeOf({ schema, table }: PrivilegePlace): string {
  if (schema === null) return '*.*'
  return table === null ? `${quoteIdentifier(schema)}.*` : quoteQualified(schema, table)
}

/** A user's name may hold an @, a host's may not. */
function quoted(account: string): string {
  const at = account.lastIndexOf('@')
  return quoteAccount(account.slice(0, at), account.slice(at + 1))
}
