import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Document, isMap, isScalar, isSeq } from 'yaml'
import { durationMs } from '#core/duration'
import { EcomdbError, messageOf } from '#core/errors'
import { packageRoot } from '#core/paths'
import { parseAccount } from '#domain/access/desired'
import { accountKey } from '#domain/access/observed'
import type { AccessPolicy, WantedRights } from '#domain/access/policy'
import { type AccessPolicyFile, accessPolicySchema } from './access-policy-schema.ts'
import type { Config } from './config.ts'
import { type Mistake, offsetOf, parseYaml } from './parse-config.ts'

/**
 * The policy that ecomdb.yaml names (access_policy), or ecomdb's own.
 * @throws EcomdbError CONFIG_INVALID with file, line and column
 */
export async function loadAccessPolicy(
  config: Pick<Config, 'accessPolicyFile'>,
): Promise<AccessPolicy & { file: string }> {
  const file = config.accessPolicyFile ?? join(packageRoot(), 'policies', 'access.yaml')
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new EcomdbError('CONFIG_INVALID', {
      what: `cannot read the policy ${file}`,
      why: messageOf(error),
      hints: ['correct access_policy in ecomdb.yaml, or leave it out: ecomdb has one of its own'],
      cause: error,
    })
  })
  return { ...parseAccessPolicy(text, file), file }
}

/** @throws EcomdbError CONFIG_INVALID with file, line and column */
export function parseAccessPolicy(text: string, file: string): AccessPolicy {
  return withDefaults(parseYaml(text, file, accessPolicySchema, contradictions))
}

const DEFAULT_REVOKE_SHARE = 0.2

function withDefaults(content: AccessPolicyFile): AccessPolicy {
  const { administrators = [], brake = {}, roles = {}, applications = {}, people = {} } = content
  const mapped = <In, Out>(record: Record<string, In>, make: (value: In, key: string) => Out) =>
    new Map(Object.entries(record).map(([key, value]) => [key, make(value, key)]))
  return {
    administrators,
    revokeShare: brake.revoke_share ?? DEFAULT_REVOKE_SHARE,
    roles: mapped(roles, role => ({
      ...rightsOf(role),
      description: role.description ?? '',
      heldBy: role.held_by ?? 'people',
      exception: role.exception ?? null,
      maxConnections: role.max_connections ?? null,
      tls: role.tls ?? 'remote',
      maxTtlMs: role.max_ttl === undefined ? null : durationMs(role.max_ttl),
      approvers: role.approvers ?? [],
    })),
    applications: mapped(applications, application => ({
      ...rightsOf(application),
      owner: application.owner,
      accounts: application.accounts,
      defaultRoles: application.default_roles ?? null,
      maxConnections: application.max_connections ?? null,
      tls: application.tls ?? null,
    })),
    people: mapped(people, (person, handle) => ({
      fullName: person?.full_name ?? handle,
      email: person?.email ?? null,
      accounts: person?.accounts ?? [`${handle}@localhost`],
      roles: person?.roles ?? [],
    })),
  }
}

type RightsFile = Pick<
  NonNullable<AccessPolicyFile['applications']>[string],
  'select' | 'execute' | 'tables' | 'server' | 'rights' | 'roles' | 'admin_of'
>

function rightsOf(file: RightsFile): WantedRights {
  const { select, execute, tables, server, rights, roles } = file
  return {
    select: select ?? [],
    execute: execute ?? [],
    tables: new Map(Object.entries(tables ?? {})),
    server: server ?? [],
    rights: rights ?? [],
    roles: roles ?? [],
    adminOf: file.admin_of ?? [],
  }
}

/** What the schema alone cannot say. */
function contradictions(document: Document): Mistake[] {
  return [
    ...unknownRoles(document),
    ...applicationRoles(document),
    ...directRights(document),
    ...twiceDeclared(document),
  ]
}

/** The scalars of a list, each with its place; nothing where there is no list. */
function entries(document: Document, path: readonly string[]): { text: string; offset: number }[] {
  const node = document.getIn(path, true)
  if (!isSeq(node)) return []
  return node.items.flatMap(item =>
    isScalar(item) ? [{ text: String(item.value), offset: offsetOf(item) }] : [],
  )
}

function keys(document: Document, section: string): string[] {
  const map = document.getIn([section], true)
  return isMap(map) ? map.items.map(({ key }) => String(isScalar(key) ? key.value : key)) : []
}

function unknownRoles(document: Document): Mistake[] {
  const roles = new Set(keys(document, 'roles'))
  return ['roles', 'applications', 'people'].flatMap(section =>
    keys(document, section).flatMap(name =>
      [
        ...entries(document, [section, name, 'roles']),
        ...entries(document, [section, name, 'admin_of']),
      ]
        .filter(({ text }) => !roles.has(text))
        .map(({ text, offset }) => ({
          offset,
          message: `${section}.${name}.roles: there is no role ${text} in this policy`,
        })),
    ),
  )
}

function heldBy(document: Document, role: string): unknown {
  return document.getIn(['roles', role, 'held_by']) ?? 'people'
}

function applicationRoles(document: Document): Mistake[] {
  return keys(document, 'people').flatMap(person =>
    entries(document, ['people', person, 'roles'])
      .filter(({ text }) => heldBy(document, text) === 'applications')
      .map(({ text, offset }) => ({
        offset,
        message: `people.${person}.roles: ${text} is held by applications, not by people`,
      })),
  )
}

/** People reach views and procedures only. */
function directRights(document: Document): Mistake[] {
  return keys(document, 'roles')
    .filter(role => heldBy(document, role) === 'people')
    .filter(role => document.getIn(['roles', role, 'exception']) === undefined)
    .flatMap(role =>
      ['tables', 'rights'].flatMap(key => {
        const node = document.getIn(['roles', role, key], true)
        const message = `roles.${role}.${key}: people reach views and procedures only; give views by select, procedures by execute, or say held_by: applications, or an exception`
        return node === undefined ? [] : [{ offset: offsetOf(node), message }]
      }),
    )
}

function twiceDeclared(document: Document): Mistake[] {
  const seen = new Set<string>()
  return ['applications', 'people'].flatMap(section =>
    keys(document, section).flatMap(name =>
      entries(document, [section, name, 'accounts']).flatMap(({ text, offset }) => {
        const key = accountKey(parseAccount(text))
        const message = `${section}.${name}.accounts: ${text} stands in this policy twice`
        const twice = seen.has(key)
        seen.add(key)
        return twice ? [{ offset, message }] : []
      }),
    ),
  )
}
