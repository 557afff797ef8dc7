import { randomBytes } from 'node:crypto'
import { loadAccessPolicy } from '#config/access-policy-file'
import { silentProgress } from '#core/progress'
import { Secret } from '#core/secret'
import type { AccessPolicy } from '#domain/access/policy'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import { serverErrorNumber } from '#engine/server-error'
import type { ConnectOptions, Session } from '#engine/session'
import { applyAccess } from '#workflow/access/apply-access'
import { applyProvision } from '#workflow/provision/apply-provision'
import { type Attempt, attemptsOn } from './role-attempts.ts'

/** The policy that ecomdb comes with, and for each of its roles somebody who holds that alone. */
export async function policyWithHolders(): Promise<AccessPolicy> {
  const { file: _file, ...policy } = await loadAccessPolicy({})
  const people = [...policy.roles].filter(([, { heldBy }]) => heldBy === 'people')
  const programs = [...policy.roles].filter(([, { heldBy }]) => heldBy === 'applications')
  const nothing = {
    select: [],
    execute: [],
    tables: new Map(),
    server: [],
    rights: [],
    adminOf: [],
  }
  return {
    ...policy,
    people: new Map(
      people.map(([role]) => [
        holderOf(role),
        { fullName: role, email: null, accounts: [`${holderOf(role)}@localhost`], roles: [role] },
      ]),
    ),
    applications: new Map(
      programs.map(([role]) => [
        holderOf(role),
        {
          ...nothing,
          owner: 'test',
          accounts: [`${holderOf(role)}@localhost`],
          roles: [role],
          defaultRoles: true,
          maxConnections: null,
          tls: null,
        },
      ]),
    ),
  }
}

const holderOf = (role: string): string => `holder_${role}`

/** A provisioned shop with the policy applied, on a server that is nobody else's. */
export class RoleShop {
  readonly #engine: Engine
  readonly #administrator: ConnectOptions
  readonly #password = new Secret(`Aa1-${randomBytes(12).toString('hex')}`)
  readonly policy: AccessPolicy
  readonly connect: ConnectOptions

  private constructor(engine: Engine, administrator: ConnectOptions, policy: AccessPolicy) {
    this.#engine = engine
    this.#administrator = administrator
    this.policy = policy
    this.connect = { ...administrator, database: 'shop' }
  }

  static async make(engine: Engine, administrator: ConnectOptions): Promise<RoleShop> {
    const shop = new RoleShop(engine, administrator, await policyWithHolders())
    await applyProvision(engine, { connect: shop.connect }, silentProgress())
    const options = { connect: shop.connect, policy: shop.policy, allowRevokes: false }
    await applyAccess(engine, options, silentProgress())
    const root = await engine.connect(administrator)
    await root.run('CREATE ROLE outsider')
    await root.run('GRANT SELECT ON shop.* TO outsider')
    await root.run('INSERT INTO shop.users (created_at) VALUES (NOW())')
    for (const role of shop.roles()) {
      await root.run(
        `ALTER USER '${holderOf(role)}'@'localhost' IDENTIFIED BY '${shop.#password.reveal()}' ACCOUNT UNLOCK`,
      )
    }
    await root.close()
    return shop
  }

  roles(): string[] {
    return [...this.policy.roles.keys()]
  }

  async logIn(role: string): Promise<Session> {
    return await this.#engine.connect({
      ...this.#administrator,
      user: holderOf(role),
      password: this.#password,
      database: undefined,
    })
  }

  /** "SIUD" or less for a table or view, "X" for a program, of those who may. */
  async rightsOn(session: Session, object: MatrixObject): Promise<string> {
    const letters = await Promise.all(
      probes(object).map(async ([letter, sql]) => {
        const number = await refusal(session, sql)
        return number !== null && DENIED.has(number) ? '-' : letter
      }),
    )
    return letters.join('')
  }

  /** What each attempt came to: "refused 1142", "nothing", or "DONE". */
  async attempt(role: string, family: EngineFamily): Promise<AttemptOutcome[]> {
    const session = await this.logIn(role)
    const victim = await this.#engine.connect(this.#administrator)
    try {
      const outcomes: AttemptOutcome[] = []
      for (const attempt of attemptsOn(family)) {
        const sql = attempt.sql.replace('{victim}', String(victim.connectionId))
        outcomes.push({ attempt, outcome: await outcomeOf(session, sql) })
      }
      return outcomes
    } finally {
      await session.close()
      victim.destroy()
    }
  }
}

export interface MatrixObject {
  schema: string
  name: string
  kind: string
}

export interface AttemptOutcome {
  attempt: Attempt
  outcome: string
}

/**
 * Null where an attempt ended as it must. A refusal must be for want of a right: a statement
 * that the server cannot read would prove nothing.
 */
export function complaint(role: string, { attempt, outcome }: AttemptOutcome): string | null {
  if (attempt.expect === 'allowed' || role === attempt.jobOf) return null
  const [verdict, number] = outcome.split(' ')
  const isRefused =
    verdict === 'refused' && (number === undefined || FOR_WANT_OF.has(Number(number)))
  if (isRefused || (attempt.expect === 'nothing' && outcome === 'nothing')) return null
  return `${role}: ${attempt.sql}: ${outcome}`
}

/** Refused for want of a right; any other error comes after the server has let it pass. */
const DENIED = new Set([1044, 1045, 1142, 1143, 1227, 1370, 1419])

/** Besides those: not the owner of a connection, not a holder of a role. */
const FOR_WANT_OF = new Set([...DENIED, 1095, 1698, 1959, 3530])

/** Each without effect, should it be let pass. */
function probes({ schema, name, kind }: MatrixObject): [string, string][] {
  const object = `\`${schema}\`.\`${name}\``
  if (kind === 'procedure' || kind === 'function') return [['X', `CALL ${object}()`]]
  return [
    ['S', `SELECT 1 FROM ${object} LIMIT 0`],
    ['I', `INSERT INTO ${object} VALUES ()`],
    ['U', `UPDATE ${object} SET no_such_column = 1 LIMIT 0`],
    ['D', `DELETE FROM ${object} WHERE 1 = 0`],
  ]
}

async function refusal(session: Session, sql: string): Promise<number | null> {
  try {
    await session.rows(sql)
    return null
  } catch (error) {
    return serverErrorNumber(error) ?? 0
  }
}

async function outcomeOf(session: Session, sql: string): Promise<string> {
  try {
    const [row] = await session.rows(sql)
    const value = row ? Object.values(row)[0] : null
    const isCheck = row !== undefined && 'Msg_text' in row
    // ANALYZE and the like put a refusal into their table.
    if (isCheck && /denied/i.test(String(row['Msg_text']))) return 'refused'
    const isNothing = row !== undefined && (value === null || String(value) === '0')
    return isNothing ? 'nothing' : 'DONE'
  } catch (error) {
    const number = serverErrorNumber(error)
    if (number !== undefined && FOR_WANT_OF.has(number)) return `refused ${number}`
    return `let pass, then ${number ?? 'an error of the driver'}`
  }
}
