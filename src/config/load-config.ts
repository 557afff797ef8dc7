import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname, resolve } from 'node:path'
import { durationMs } from '#core/duration'
import { EcomdbError, messageOf, systemCode } from '#core/errors'
import { Secret } from '#core/secret'
import { ENGINE_FAMILIES } from '#domain/engine-family'
import type { TargetPlace } from '#domain/target-place'
import type {
  AuditConfig,
  BrokerConfig,
  Config,
  CopyConfig,
  ReplicaConfig,
  ServerConfig,
} from './config.ts'
import { notifyOf } from './notify-config.ts'
import type { ConfigFile } from './schema.ts'
import { placeOf, type WrittenPlace, writtenPlace } from './target-location.ts'

export const CONFIG_NAME = 'ecomdb.yaml'

/** Where a configuration is looked for when none is named: here, then for cron and systemd jobs. */
const PLACES = [CONFIG_NAME, '/etc/ecomdb/ecomdb.yaml']

/** What flags may change; they win over the environment, which wins over the file. */
export interface ConfigFlags {
  engine?: string | undefined
  socket?: string | undefined
  host?: string | undefined
  port?: number | undefined
  user?: string | undefined
  'password-file'?: string | undefined
  database?: string | undefined
  /** From the environment only. */
  accessDatabase?: string | undefined
  auditDatabase?: string | undefined
  target?: string | undefined
  /** A copy to read instead of the target: its name in the configuration, or its folder. */
  from?: string | undefined
  identity?: string[] | undefined
}

export interface LoadOptions {
  /** --config; else ECOMDB_CONFIG; else ./ecomdb.yaml or /etc/ecomdb/ecomdb.yaml. */
  file?: string | undefined
  environment: NodeJS.ProcessEnv
  flags?: ConfigFlags | undefined
}

/**
 * ecomdb.yaml, changed by the environment, changed by flags. Paths in the file are
 * relative to the file; those of flags and environment to the working directory.
 *
 * @throws EcomdbError CONFIG_NOT_FOUND when nothing at all says what to work on;
 *   CONFIG_INVALID with file, line and column
 */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const named = options.file ?? nonEmpty(options.environment['ECOMDB_CONFIG'])
  const file = named ? resolve(named) : findFile()
  const changes = configChanges(options.environment, options.flags ?? {})
  if (!file) {
    if (!Object.values(changes).some(value => value !== undefined)) throw notFound()
    return await compose(null, {}, changes, passwordOf(options))
  }
  return await compose(file, await readConfigFile(file), changes, passwordOf(options))
}

/** @throws EcomdbError CONFIG_NOT_FOUND, CONFIG_INVALID */
export async function readConfigFile(file: string): Promise<ConfigFile> {
  const text = await readFile(file, 'utf8').catch(error => {
    throw new EcomdbError(systemCode(error) === 'ENOENT' ? 'CONFIG_NOT_FOUND' : 'CONFIG_INVALID', {
      what: `cannot read the configuration ${file}`,
      why: systemCode(error) === 'ENOENT' ? 'there is no such file' : messageOf(error),
      hints: ['run `ecomdb init` to make one'],
      cause: error,
    })
  })
  const { parseConfig } = await import('./parse-config.ts')
  return parseConfig(text, file)
}

function findFile(): string | null {
  const found = PLACES.find(place => existsSync(place))
  return found ? resolve(found) : null
}

function notFound(): EcomdbError {
  return new EcomdbError('CONFIG_NOT_FOUND', {
    what: `there is no ${CONFIG_NAME}`,
    why: `it was looked for in ${PLACES.map(place => resolve(place)).join(' and ')}, and no ECOMDB_… variable names a server`,
    hints: [
      'run `ecomdb init` to make one',
      'or name one with --config, or a server with ECOMDB_SOCKET or ECOMDB_HOST',
    ],
  })
}

/** What the environment says, changed by flags. */
export function configChanges(environment: NodeJS.ProcessEnv, flags: ConfigFlags): ConfigFlags {
  // A command hands all its flags over; those of other things are not ours.
  const { engine, socket, host, port, user, database, target, from, identity } = flags
  const ours = { engine, socket, host, port, user, database, target, from, identity }
  return merge(fromEnvironment(environment), { ...ours, 'password-file': flags['password-file'] })
}

/** The password itself, from the environment; a file that a flag names wins over it. */
export function passwordOf({ environment, flags }: LoadOptions): Secret | undefined {
  const text = flags?.['password-file'] ? undefined : nonEmpty(environment['ECOMDB_PASSWORD'])
  return text === undefined ? undefined : new Secret(text)
}

function fromEnvironment(environment: NodeJS.ProcessEnv): ConfigFlags {
  const value = (name: string): string | undefined => nonEmpty(environment[`ECOMDB_${name}`])
  return {
    engine: value('ENGINE'),
    socket: value('SOCKET'),
    host: value('HOST'),
    port: portOf(value('PORT')),
    user: value('USER'),
    'password-file': value('PASSWORD_FILE'),
    database: value('DATABASE'),
    accessDatabase: value('ACCESS_DATABASE'),
    auditDatabase: value('AUDIT_DATABASE'),
    target: value('TARGET'),
  }
}

/** A host beats a socket of the weaker side, and the other way round. */
function merge(weaker: ConfigFlags, stronger: ConfigFlags): ConfigFlags {
  const base = { ...weaker }
  if (stronger.socket !== undefined) {
    base.host = undefined
    base.port = undefined
  } else if (stronger.host !== undefined || stronger.port !== undefined) {
    base.socket = undefined
  }
  const given = Object.entries(stronger).filter(([, value]) => value !== undefined)
  return { ...base, ...Object.fromEntries(given) }
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = Number(text)
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port
  throw new EcomdbError('CONFIG_INVALID', {
    what: `ECOMDB_PORT is no port: ${JSON.stringify(text)}`,
    why: 'expected a whole number from 1 to 65535',
  })
}

function engineOf(name: string | undefined): ServerConfig['engine'] {
  const engine = (['auto', ...ENGINE_FAMILIES] as const).find(known => known === (name ?? 'auto'))
  if (engine) return engine
  throw new EcomdbError('CONFIG_INVALID', {
    what: `unknown engine ${JSON.stringify(name)}`,
    why: 'expected mysql, mariadb or auto (ECOMDB_ENGINE, --engine)',
  })
}

async function compose(
  file: string | null,
  content: ConfigFile,
  changes: ConfigFlags,
  password: Secret | undefined,
): Promise<Config> {
  const folder = file ? dirname(file) : '.'
  const beside = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : resolve(folder, path)
  const here = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : resolve(path)
  const { server = {}, target = {}, keys = {} } = content
  const copies = (content.copies ?? []).map(copy => copyOf(copy, folder))
  const place = merge(server, { socket: changes.socket, host: changes.host, port: changes.port })
  return {
    file,
    runsOn: content.runs_on ?? 'all',
    server: {
      engine: engineOf(changes.engine ?? server.engine),
      socketPath: changes.socket ? here(changes.socket) : beside(place.socket),
      host: place.host,
      port: place.port,
      user: changes.user ?? server.user ?? userInfo().username,
      password,
      passwordFile: here(changes['password-file']) ?? beside(ownPasswordFile(server, changes.user)),
      database: changes.database ?? server.database ?? 'shop',
      accessDatabase: changes.accessDatabase ?? server.access_database,
      auditDatabase: changes.auditDatabase ?? server.audit_database,
      timeZone: server.time_zone,
      tls: server.tls,
      tlsCaFile: beside(server.tls_ca_file),
    },
    target: {
      place: await decidePlace(changes, copies, target, folder),
      media: target.media ?? null,
      offsite: target.offsite ?? false,
    },
    writtenTarget: { written: target, folder },
    copiedFrom:
      changes.from === undefined
        ? null
        : await decidePlace({ ...changes, from: undefined }, copies, target, folder),
    replicas: (content.replicas ?? []).map(one => replicaOf(one, beside)),
    copies,
    recoveryPolicyFile: beside(content.recovery_policy),
    accessPolicyFile: beside(content.access_policy),
    passwordPolicyFile: beside(content.password_policy),
    totpPolicyFile: beside(content.totp_policy),
    broker: brokerOf(content.broker, beside),
    hardenPolicyFile: beside(content.harden_policy),
    reportsDirectory: beside(content.reports_directory),
    notify: notifyOf(content.notify, folder),
    keys: {
      totpKeyFile: beside(keys.totp_key_file),
      recipients: keys.recipients ?? [],
      singleRecipient: keys.single_recipient ?? false,
      signingKeyFile: beside(keys.signing_key_file),
      dedupKeyFile: beside(keys.dedup_key_file),
      trustedSigners: keys.trusted_signers ?? [],
      identityFiles:
        changes.identity?.map(path => resolve(path)) ??
        (keys.identity_files ?? []).map(path => resolve(folder, path)),
    },
    audit: auditOf(content.audit ?? {}, folder),
  }
}

function auditOf(
  { policy, signing_key_file, trusted_signers, anchors }: NonNullable<ConfigFile['audit']>,
  folder: string,
): AuditConfig {
  return {
    policyFile: policy && resolve(folder, policy),
    signingKeyFile: signing_key_file && resolve(folder, signing_key_file),
    trustedSigners: trusted_signers ?? [],
    anchors: (anchors ?? []).flatMap(anchor => writtenPlace(anchor, folder) ?? []),
  }
}

function brokerOf(
  broker: ConfigFile['broker'] = {},
  beside: (path: string | undefined) => string | undefined,
): BrokerConfig {
  const identityHost = broker.identity_host ?? 'localhost'
  return {
    socketPath: beside(broker.socket) ?? null,
    group: broker.group ?? null,
    identityHost,
    sessionHost: broker.session_host ?? identityHost,
  }
}

function replicaOf(
  replica: NonNullable<ConfigFile['replicas']>[number],
  beside: (path: string | undefined) => string | undefined,
): ReplicaConfig {
  const { name, socket, host, port, user, password_file, tls, tls_ca_file } = replica
  return {
    ...{ name, host, port, user, tls },
    socketPath: beside(socket),
    passwordFile: beside(password_file),
    tlsCaFile: beside(tls_ca_file),
  }
}

/** Eight days: a weekly copy, and a day for who carries the disk. */
const DEFAULT_MAX_AGE_MS = 8 * 86_400_000

function copyOf(copy: NonNullable<ConfigFile['copies']>[number], folder: string): CopyConfig {
  const { name, media, offsite, offline, max_age } = copy
  const place = writtenPlace(copy, folder)
  // parse-config.ts has refused such a copy.
  if (!place) throw new Error(`the copy ${name} has no place`)
  return {
    name,
    place,
    media: media ?? null,
    offsite: offsite ?? false,
    offline: offline ?? false,
    maxAgeMs: (max_age === undefined ? null : durationMs(max_age)) ?? DEFAULT_MAX_AGE_MS,
  }
}

/** --from names a copy or a place; --target and ECOMDB_TARGET a place. */
async function decidePlace(
  { from, target }: ConfigFlags,
  copies: readonly CopyConfig[],
  written: WrittenPlace,
  folder: string,
): Promise<TargetPlace | null> {
  const copy = copies.find(({ name }) => name === from)
  if (copy) return copy.place
  const named = from ?? target
  return named === undefined ? writtenPlace(written, folder) : await placeOf(named, written, folder)
}

/** The file's password is that of the file's account: another one does not log in with it. */
function ownPasswordFile(
  { user, password_file }: NonNullable<ConfigFile['server']>,
  asked: string | undefined,
): string | undefined {
  const isAnother = user !== undefined && asked !== undefined && asked !== user
  return isAnother ? undefined : password_file
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text
}
