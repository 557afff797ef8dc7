import { dirname, join, relative } from 'node:path'
import type { Config } from '#config/config'
import type { KeyChange } from '#config/edit-config'
import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import {
  generateIdentity,
  generateSigningKey,
  readSigningKey,
  writeIdentity,
  writeSigningKey,
} from '#crypto/key-files'
import type { KeyRotation } from '#domain/backup/key-report'
import { editConfigFile } from '../init/edit-config-file.ts'
import { keyPlaces, makeFolder, ROTATION_SUFFIX, replaceRecipient } from '../init/key-set.ts'

export interface RotateOptions {
  config: Config
  kind: KeyRotation['kind']
  /** The recipient whose place the new one takes; null: the first (operations) or the second. */
  replace: string | null
  dryRun: boolean
  clock: Clock
}

/**
 * `ecomdb key rotate`: makes a new key, and changes ecomdb.yaml so that backups use it from now
 * on. Nothing that is stored changes: old snapshots open with the old identities, and verify with
 * the old signer, which stays trusted. The key comes first and the configuration last, so a run
 * that is cut off leaves a key that nobody uses.
 *
 * @throws EcomdbError CONFIG_INVALID, SECRET_MISSING, STORAGE_FAILED
 */
export async function rotateKey(options: RotateOptions): Promise<KeyRotation> {
  const { config, kind, dryRun, clock } = options
  const { file: configFile } = config
  if (!configFile) {
    throw new EcomdbError('CONFIG_NOT_FOUND', {
      what: 'there is no ecomdb.yaml to change',
      why: 'the environment says all, and a rotation has to be written down',
      hints: ['run `ecomdb init`, or change the public keys where the environment is set'],
    })
  }
  const old = await oldKey(options)
  const takeAway = kind === 'escrow' || (kind === 'operations' && config.runsOn === 'database')
  const keyFile = join(
    dirname(configFile),
    takeAway ? 'take-away' : 'keys',
    `${kind}-${stamp(clock.now())}.${kind === 'signing' || kind === 'audit' ? 'key' : 'identity'}`,
  )
  const rotation = { kind, dryRun, configFile, keyFile, old, new: null, takeAway }
  if (dryRun) return rotation
  await makeFolder(keyFile)
  const beside = relative(dirname(configFile), keyFile)
  if (kind === 'signing' || kind === 'audit') {
    const key = generateSigningKey()
    await writeSigningKey(keyFile, key)
    const files = { signingKeyFile: beside, trustedSigner: key.signer }
    await changeConfig(configFile, kind === 'audit' ? { audit: files } : files)
    return { ...rotation, new: key.signer }
  }
  const pair = await generateIdentity()
  await writeIdentity(keyFile, pair, clock.now())
  const recipient = { old: old ?? '', new: pair.recipient }
  const { recipients } = keyPlaces(dirname(configFile), true)
  const inUse = config.keys.recipients
  await replaceRecipient(recipients, { old: recipient.old, by: recipient.new, inUse })
  await changeConfig(configFile, takeAway ? { recipient } : { recipient, identityFile: beside })
  return { ...rotation, new: pair.recipient }
}

/** The public half of what is replaced. */
async function oldKey({ config, kind, replace }: RotateOptions): Promise<string | null> {
  const { recipients } = config.keys
  if (kind === 'signing' || kind === 'audit') {
    const { signingKeyFile } = kind === 'audit' ? config.audit : config.keys
    return signingKeyFile ? (await readSigningKey(signingKeyFile)).signer : null
  }
  const old =
    replace ?? (recipients.length === 2 ? recipients[kind === 'operations' ? 0 : 1] : null)
  if (old && recipients.includes(old)) return old
  throw new EcomdbError('CONFIG_INVALID', {
    what: 'it is not clear which recipient is to be replaced',
    why: `keys.recipients has ${recipients.length} keys: ${recipients.join(', ') || 'none'}`,
    hints: ['name one of them: --replace age1…'],
  })
}

/** The text before it is kept beside it. */
async function changeConfig(file: string, change: KeyChange): Promise<void> {
  const { changeKeys } = await import('#config/edit-config')
  await editConfigFile(file, text => changeKeys(text, file, change), `${file}${ROTATION_SUFFIX}`)
}

/** 20261121-120000-123, in UTC: who runs it again at once gets another name. */
function stamp(now: Date): string {
  return now.toISOString().slice(0, 23).replace(/[-:]/g, '').replace(/[T.]/g, '-')
}
