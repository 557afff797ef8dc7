import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { type ConfigValues, configText, saidOtherwise } from '#config/config-text'
import { readConfigFile } from '#config/load-config'
import { writtenPlace } from '#config/target-location'
import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import { makeFolder } from '#core/make-folder'
import type { Progress } from '#core/progress'
import type { Secret } from '#core/secret'
import { translateStorageError } from '#core/storage-error'
import { placeLabel, type TargetPlace } from '#domain/target-place'
import { createRepository, openRepository } from '#repository/repository'
import type { Target } from '#target/target'
import {
  ensureDedupKey,
  ensureIdentity,
  ensurePassword,
  ensureRecipients,
  ensureSigningKey,
  type KeyPlaces,
  keyPlaces,
  readRecipients,
  tracesOfRotation,
  writeNewFile,
} from './key-set.ts'

export interface InitOptions {
  /** Where ecomdb.yaml and keys/ go. Absolute. */
  folder: string
  runsOn: 'all' | 'database'
  server: ConfigValues['server']
  /** Flags or environment name a server; a configuration that is there is not changed by them. */
  serverNamed: boolean
  /** Kept in keys/server.password; null when there is none, or a file is named. */
  password: Secret | null
  /** null: what an ecomdb.yaml that is there already says. */
  target: TargetPlace | null
  dryRun: boolean
}

/** What a workflow cannot make by itself. */
export interface InitPorts {
  openTarget(place: TargetPlace): Promise<Target>
  createTarget(place: TargetPlace): Promise<Target>
  clock: Clock
  /** policies/ecomdb.schema.json */
  schemaFile: string
}

/** A thing that init makes or finds made; gone: a private key that was taken away. */
export interface InitItem {
  path: string
  purpose: string
  action: 'create' | 'keep' | 'gone'
}

export interface InitResult {
  configFile: string
  dryRun: boolean
  items: readonly InitItem[]
  /** age public keys; empty in a dry run that would make them. */
  recipients: readonly string[]
  /** The public signing key; null in a dry run that would make it. */
  signer: string | null
  repositoryId: string | null
  /** Private keys that must not stay on this host. */
  takeAway: readonly string[]
}

/** One step: what it is for, whether it is done already, and how it is done. */
interface Step {
  path: string
  purpose: string
  done: boolean
  run(): Promise<void>
}

/**
 * `ecomdb init`: configuration, keys and an empty repository. What is there already is kept,
 * byte for byte; a run that was cut off is completed by the next one. ecomdb.yaml is
 * written when all that it names is there.
 *
 * @throws EcomdbError USAGE, CONFIG_NOT_FOUND, CONFIG_INVALID, TARGET_NOT_EMPTY, STORAGE_FAILED, SECRET_MISSING
 */
export async function initialize(
  options: InitOptions,
  ports: InitPorts,
  progress: Progress,
): Promise<InitResult> {
  const configFile = join(options.folder, 'ecomdb.yaml')
  if (!existsSync(configFile)) await refuseRotated(options.folder)
  const target = await decideTarget(options, configFile)
  const places = keyPlaces(options.folder, options.runsOn === 'all')
  const found = await findRepository(target, ports)
  const steps = plan(options, { configFile, target, places, repositoryDone: found !== null }, ports)
  const items = steps.map(itemOf)
  progress.stage('writing configuration and keys')
  if (options.serverNamed && existsSync(configFile)) {
    progress.warn(`${configFile} is kept as it is: the server named now is not written to it`)
  }
  if (!options.dryRun) {
    for (const step of steps) if (!step.done) await perform(step)
  }
  const repository = found ?? (options.dryRun ? null : await findRepository(target, ports))
  return {
    configFile,
    dryRun: options.dryRun,
    items,
    ...(await publicKeys(configFile, places)),
    repositoryId: repository,
    takeAway: [places.operations, places.escrow].filter(
      file => dirname(file) !== dirname(places.recipients) && existsSync(file),
    ),
  }
}

/** The first keys have been replaced, perhaps for they were stolen: they are not to be used again without a word. */
async function refuseRotated(folder: string): Promise<void> {
  const traces = await tracesOfRotation(folder)
  if (traces.length === 0) return
  throw new EcomdbError('CONFIG_NOT_FOUND', {
    what: `keys in ${folder} were rotated, and the ecomdb.yaml that says which are in use is not there`,
    why: `there is ${traces.join(', ')}; a new configuration would name the first keys, which have been replaced`,
    hints: [
      'bring ecomdb.yaml back from your own backup of it; ecomdb.yaml.before-rotation is as it was before the last rotation',
      'or make new keys in another folder, `ecomdb init --folder OTHER`, and add the signers of before to keys.trusted_signers there',
    ],
  })
}

/** Those that the configuration names: a rotation has left the first ones where they were. */
async function publicKeys(
  configFile: string,
  places: KeyPlaces,
): Promise<Pick<InitResult, 'recipients' | 'signer'>> {
  const { keys } = existsSync(configFile) ? await readConfigFile(configFile) : {}
  const { recipients, signing_key_file: named } = keys ?? {}
  const signingKey = named ? resolve(dirname(configFile), named) : places.signingKey
  return {
    recipients:
      recipients ?? (existsSync(places.recipients) ? await readRecipients(places.recipients) : []),
    signer: existsSync(signingKey) ? await ensureSigningKey(signingKey) : null,
  }
}

async function perform({ path, run }: Step): Promise<void> {
  try {
    await run()
  } catch (error) {
    throw translateStorageError(error, `cannot make ${path}`)
  }
}

function itemOf({ path, purpose, done }: Step): InitItem {
  return { path, purpose, action: !done ? 'create' : existsSync(path) ? 'keep' : 'gone' }
}

/** The target of the flags, or that of an ecomdb.yaml that is there; they must not differ. */
async function decideTarget({ target }: InitOptions, configFile: string): Promise<TargetPlace> {
  if (!existsSync(configFile)) {
    if (target) return target
    throw new EcomdbError('USAGE', {
      what: 'a target is needed: the folder or bucket where backups will be kept',
      hints: ['give --target FOLDER or --target s3://BUCKET/PREFIX, or set ECOMDB_TARGET'],
    })
  }
  const written = (await readConfigFile(configFile)).target ?? {}
  const existing = writtenPlace(written, dirname(configFile))
  // By their labels: a bucket that is named without its endpoint is the one of the file.
  if (existing && target && placeLabel(existing) !== placeLabel(target)) {
    throw new EcomdbError('USAGE', {
      what: `${configFile} is there, and names another target`,
      why: `it says ${placeLabel(existing)}, and not ${placeLabel(target)}; a configuration is never overwritten`,
      hints: ['edit target in ecomdb.yaml, or leave the target out'],
    })
  }
  const otherwise = existing && target ? saidOtherwise(target, existing) : []
  if (target && otherwise.length > 0) {
    const { setOtherwise } = await import('#config/add-target')
    throw setOtherwise(configFile, target, otherwise)
  }
  const decided = existing ?? target
  if (decided) return decided
  throw new EcomdbError('USAGE', {
    what: `${configFile} names no target, and neither does --target`,
  })
}

/** The id of the repository; null when there is room for a new one. */
async function findRepository(place: TargetPlace, ports: InitPorts): Promise<string | null> {
  const target = await ports.openTarget(place)
  // A folder that is missing is made; a bucket is not, and is looked at before a key is made.
  if (place.s3) await target.inspect()
  try {
    return (await openRepository(target)).id
  } catch (error) {
    if (error instanceof EcomdbError && error.code === 'TARGET_UNAVAILABLE') return null
    throw error
  }
}

interface Facts {
  configFile: string
  target: TargetPlace
  places: KeyPlaces
  repositoryDone: boolean
}

function plan(options: InitOptions, facts: Facts, ports: InitPorts): Step[] {
  const { places, configFile, target } = facts
  const { password } = options
  const step = (
    path: string,
    purpose: string,
    run: () => Promise<void>,
    done = existsSync(path),
  ) => {
    return { path, purpose, done, run }
  }
  // The public halves are enough: the private ones may have been taken away.
  const identitiesDone = existsSync(places.recipients)
  const identity = (path: string, purpose: string): Step =>
    step(path, purpose, () => ensureIdentity(path, ports.clock), identitiesDone || existsSync(path))
  return [
    identity(places.operations, 'private key that opens backups (operations)'),
    identity(places.escrow, 'private key that opens backups (escrow): take it away'),
    step(places.recipients, 'public keys that backups are encrypted to', () =>
      ensureRecipients(places),
    ),
    step(places.signingKey, 'private key that signs snapshots', async () => {
      await ensureSigningKey(places.signingKey)
    }),
    step(places.dedupKey, 'key that names objects', () => ensureDedupKey(places.dedupKey)),
    ...(password
      ? [
          step(places.password, "the server's password", () =>
            ensurePassword(places.password, password),
          ),
        ]
      : []),
    step(
      placeLabel(target),
      facts.repositoryDone ? 'the repository' : 'an empty repository',
      async () => {
        await createRepository(await ports.createTarget(target), ports.clock)
      },
      facts.repositoryDone,
    ),
    step(configFile, 'the configuration', () => writeConfig(options, facts, ports)),
  ]
}

async function writeConfig(options: InitOptions, facts: Facts, ports: InitPorts): Promise<void> {
  const { places, configFile, target } = facts
  const beside = (path: string): string => relative(options.folder, path)
  const passwordFile = options.password ? beside(places.password) : options.server.passwordFile
  const values: ConfigValues = {
    runsOn: options.runsOn,
    server: { ...options.server, passwordFile },
    target,
    recipients: await readRecipients(places.recipients),
    signingKeyFile: beside(places.signingKey),
    dedupKeyFile: beside(places.dedupKey),
    trustedSigners: [await ensureSigningKey(places.signingKey)],
    identityFiles: options.runsOn === 'all' ? [beside(places.operations)] : [],
  }
  const partial = `${configFile}.partial`
  await makeFolder(options.folder)
  await rm(partial, { force: true })
  await writeNewFile(partial, configText(values, ports.schemaFile), 0o644)
  await rename(partial, configFile)
}
