import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Config, targetPlace } from '#config/config'
import { placeOf } from '#config/target-location'
import { systemClock } from '#core/clock'
import { EcomdbError, messageOf } from '#core/errors'
import { readSecretFile } from '#core/secret-file'
import type { CopyPlace } from '#domain/copy/copy-record'
import type { EngineFamily } from '#domain/engine-family'
import type { TargetContext } from '#domain/target/promises'
import { placeKey, type TargetPlace } from '#domain/target-place'
import type { Engine } from '#engine/engine'
import type { ConnectOptions } from '#engine/session'
import { answersInTime } from '#process/answers-in-time'
import { findTool } from '#process/find-tool'
import { COPY_FILE } from '#repository/layout'
import type { Target } from '#target/target'
import type { CopyEjector } from '#workflow/copy/eject-disk'

/**
 * The one place that names concrete engines and targets. Each is imported when it is
 * first needed, so that `ecomdb --help` loads neither a driver nor an SDK.
 */
export async function engineFor(family: EngineFamily): Promise<Engine> {
  if (family === 'mysql') return (await import('#engine/mysql/engine')).mysqlEngine
  return (await import('#engine/mariadb/engine')).mariadbEngine
}

/** The configured server: its engine, as it says itself, and how to connect to it. */
export interface WiredServer {
  engine: Engine
  /** With `database` set; leave it out where the schema may not exist yet. */
  connect: ConnectOptions
}

/**
 * Connects once, to ask the server what it is.
 *
 * @throws EcomdbError SERVER_UNREACHABLE, AUTHENTICATION_REFUSED, SECRET_MISSING;
 *   CONFIG_INVALID when it is not the engine that the configuration names
 */
async function server(config: Config): Promise<WiredServer> {
  const connect = await connectOptions(config)
  const wanted = config.server.engine
  const asker = await engineFor(wanted === 'auto' ? 'mariadb' : wanted)
  // The schema may not exist yet, so it is not named here.
  const session = await asker.connect({ ...connect, database: undefined })
  const { flavor } = session
  await session.close()
  if (wanted !== 'auto' && flavor.family !== wanted) {
    throw new EcomdbError('CONFIG_INVALID', {
      what: `the server is ${flavor}, and not ${wanted}`,
      why: `server.engine, ECOMDB_ENGINE or --engine says ${wanted}`,
      hints: ['leave the engine out: ecomdb asks the server'],
    })
  }
  return { engine: await engineFor(flavor.family), connect }
}

/** @throws EcomdbError SECRET_MISSING, CONFIG_INVALID */
async function connectOptions({ server }: Config): Promise<ConnectOptions> {
  const { socketPath, host, port, user, database, accessDatabase, auditDatabase, tls } = server
  const password =
    server.password ??
    (server.passwordFile
      ? await readSecretFile(server.passwordFile, "the server's password")
      : undefined)
  const tlsCa = server.tlsCaFile ? await readCertificate(server.tlsCaFile) : undefined
  const databases = { database, accessDatabase, auditDatabase }
  return { socketPath, host, port, user, ...databases, tls, password, tlsCa }
}

/**
 * The replicas that the configuration names, or those of these names.
 *
 * @throws EcomdbError USAGE for an unknown name; SECRET_MISSING, CONFIG_INVALID
 */
async function replicas(
  config: Config,
  names: readonly string[],
): Promise<{ name: string; connect: ConnectOptions }[]> {
  const { replicas: all = [], server } = config
  const unknown = names.find(name => !all.some(replica => replica.name === name))
  if (unknown !== undefined) {
    throw new EcomdbError('USAGE', {
      what: `there is no replica ${unknown} in the configuration`,
      why: `these are: ${all.map(({ name }) => name).join(', ') || 'none'}`,
      hints: ['add it to replicas: in ecomdb.yaml'],
    })
  }
  const wanted = all.filter(({ name }) => names.length === 0 || names.includes(name))
  return await Promise.all(
    wanted.map(async ({ name, ...replica }) => {
      const own = replica.passwordFile ? { password: undefined } : {}
      const user = replica.user ?? server.user
      const place = { ...server, ...own, ...replica, user }
      const secret = replica.passwordFile ?? server.passwordFile
      const merged = { ...config, server: { ...place, passwordFile: secret } }
      return { name, connect: await connectOptions(merged) }
    }),
  )
}

async function readCertificate(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(error => {
    throw new EcomdbError('CONFIG_INVALID', {
      what: `cannot read server.tls_ca_file ${path}`,
      why: messageOf(error),
      cause: error,
    })
  })
}

/**
 * The configured target.
 *
 * @throws EcomdbError CONFIG_INVALID when none is configured
 */
async function target(config: Config): Promise<Target> {
  return await openTarget(targetPlace(config))
}

/** A target by its place; a folder's path is one. */
async function openTarget(where: TargetPlace | string): Promise<Target> {
  const place = typeof where === 'string' ? { directory: where } : where
  const target = await openPlace(place)
  if (place.rateLimit === undefined) return target
  const { limitRate } = await import('#target/wrap/rate-limit')
  return limitRate(target, place.rateLimit, systemClock)
}

/** Seconds that a trial's locks last: long enough to try them, short enough to wait for. */
const TRIAL_LOCK_SECONDS = 7

/** For `ecomdb target check`: the configured target, with locks that run out soon. */
async function trialTarget(config: Config): Promise<{ target: Target; context: TargetContext }> {
  const place = targetPlace(config)
  const { s3 } = place
  const days = TRIAL_LOCK_SECONDS / 86_400
  const target = await openTarget(
    s3?.objectLock ? { ...place, s3: { ...s3, objectLock: { ...s3.objectLock, days } } } : place,
  )
  const kind = s3 ? 's3' : 'directory'
  return { target, context: { runsOn: config.runsOn, kind, locks: target.lock !== null } }
}

/** Where to copy to, and what the configuration says of it: a copy's name there, or a folder. */
async function copyPlace(
  config: Config,
  to: string,
): Promise<{ destination: Target; place: CopyPlace; ejector: CopyEjector }> {
  const { written, folder } = config.writtenTarget ?? {}
  const named = config.copies.find(({ name }) => name === to)
  const where = named ? named.place : await placeOf(to, written, folder)
  // Given by its place, it is the same copy.
  const copy = named ?? config.copies.find(one => placeKey(one.place) === placeKey(where))
  const place = copy
    ? { name: copy.name, media: copy.media, offsite: copy.offsite, offline: copy.offline }
    : { name: null, media: null, offsite: false, offline: false }
  const destination = await openTarget(where)
  const ejector = { umount: () => findTool('umount'), reopen: () => openTarget(where) }
  return { destination, place, ejector }
}

/** So long a disk that sleeps may take to wake up. */
const SILENT_MS = 15_000

/**
 * A copy of the configuration, for who looks at all of them and must not wait for a share whose server is gone.
 *
 * @throws EcomdbError TARGET_SILENT
 */
async function openCopy(config: Config, name: string): Promise<Target> {
  const { destination } = await copyPlace(config, name)
  const directory = config.copies.find(copy => copy.name === name)?.place.directory
  if (!directory || (await answersInTime(join(directory, COPY_FILE), SILENT_MS))) return destination
  throw new EcomdbError('TARGET_SILENT', {
    what: `cannot look into ${directory}`,
    why: `the disk or share there has not answered for ${SILENT_MS / 1000} s`,
    hints: [
      'is the server of the share up, and the network? `mount` shows which it is',
      'to have nobody wait for it: `umount -f` or, where that fails, `umount -l`',
    ],
  })
}

async function openPlace({ directory, s3 }: TargetPlace): Promise<Target> {
  if (s3) return await (await import('#target/s3/open-s3-target')).openS3Target(s3, systemClock)
  return (await import('#target/dir/directory-target')).openDirectoryTarget(directory)
}

/** Makes a target's folder as well, and never a bucket; for `ecomdb init` alone. */
async function createTarget(place: TargetPlace): Promise<Target> {
  if (place.s3) return await openTarget(place)
  const { createDirectoryTarget } = await import('#target/dir/directory-target')
  return await createDirectoryTarget(place.directory)
}

/** Lets `readers` reading threads load their code while the rest of the command begins. */
async function warmReaders(readers: number): Promise<void> {
  const { warmReaderThreads } = await import('#engine/shared/bulk/reader-threads')
  warmReaderThreads(readers)
}

export const wire = {
  warmReaders,
  server,
  connectOptions,
  replicas,
  target,
  openTarget,
  trialTarget,
  copyPlace,
  openCopy,
  createTarget,
}
