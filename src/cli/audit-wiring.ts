import { boolean, string } from '@oclif/core/flags'
import type { Config } from '#config/config'
import { EcomdbError } from '#core/errors'
import { readSigningKey, type SigningKey } from '#crypto/key-files'
import type { AuditPolicy } from '#domain/audit/audit-policy'
import { placeKey, type TargetPlace } from '#domain/target-place'
import type { Target } from '#target/target'
import type { AuditedServer } from '#workflow/audit/install-audit'
import { wire } from './wire.ts'

/** For commands that compare with anchors or write to them. */
export const anchorFlag = {
  anchor: string({
    multiple: true,
    helpGroup: 'CONFIGURATION',
    helpValue: 'PLACE',
    summary: 'a folder or s3://bucket/prefix instead of audit.anchors; can be repeated',
  }),
}

/** For commands that verify. */
export const fewerAnchorsFlag = {
  'fewer-anchors': boolean({
    summary:
      'fewer anchors than the policy wants are meant: that is no finding; one that ends too early is',
  }),
}

export async function auditPolicyFrom({ audit }: Config): Promise<AuditPolicy & { file: string }> {
  const { loadAuditPolicy } = await import('#config/audit-policy-file')
  return await loadAuditPolicy(audit.policyFile)
}

export async function auditedServer(config: Config): Promise<AuditedServer> {
  const { engine, connect } = await wire.server(config)
  return { engine, connect, database: config.server.database }
}

/** One that is named twice vouches once. */
export async function anchorPlaces(
  { audit }: Config,
  named: readonly string[] | undefined,
): Promise<TargetPlace[]> {
  const { placeOf } = await import('#config/target-location')
  const places = named ? await Promise.all(named.map(place => placeOf(place))) : audit.anchors
  return [...new Map(places.map(place => [placeKey(place), place])).values()]
}

export async function anchorsFrom(
  config: Config,
  named: readonly string[] | undefined,
): Promise<Target[]> {
  const places = await anchorPlaces(config, named)
  return await Promise.all(places.map(place => wire.openTarget(place)))
}

/**
 * The key that signs checkpoints, and whose signer is trusted.
 * @throws EcomdbError SECRET_MISSING
 */
export async function auditKeyFrom({ audit }: Config): Promise<SigningKey> {
  const what = 'cannot sign checkpoints'
  if (!audit.signingKeyFile) {
    throw new EcomdbError('SECRET_MISSING', {
      ...{ what, why: 'audit.signing_key_file is not set' },
      hints: ['make a key with `ecomdb key rotate audit`, on the host that seals'],
    })
  }
  const key = await readSigningKey(audit.signingKeyFile)
  if (audit.trustedSigners.includes(key.signer)) return key
  throw new EcomdbError('SECRET_MISSING', {
    ...{ what, why: `the key's signer ${key.signer} is not among audit.trusted_signers` },
    hints: [
      'where the key is meant, add its signer there, and on every host that verifies',
      'else name the key of a trusted signer under audit.signing_key_file',
    ],
  })
}

/**
 * What a command needs that signs a checkpoint: the server, policy, key and anchors.
 * @throws EcomdbError SECRET_MISSING, CONFIG_INVALID, SERVER_UNREACHABLE
 */
export async function sealerFrom(config: Config, anchor: readonly string[] | undefined) {
  const [policy, key] = [await auditPolicyFrom(config), await auditKeyFrom(config)]
  const anchors = await anchorsFrom(config, anchor)
  const trustedSigners = trustedByAudit(config)
  return { ...(await auditedServer(config)), policy, key, trustedSigners, anchors }
}

/** @throws EcomdbError CONFIG_INVALID when nobody is trusted */
export function trustedByAudit({ audit }: Config): readonly string[] {
  if (audit.trustedSigners.length > 0) return audit.trustedSigners
  throw new EcomdbError('CONFIG_INVALID', {
    what: 'audit.trusted_signers is not set',
    why: 'without it nobody knows whose checkpoints to believe',
    hints: ['`ecomdb key rotate audit` makes a key and writes its signer there'],
  })
}
