import { EcomdbError } from '#core/errors'
import type { Secret } from '#core/secret'
import type { EngineFamily } from '#domain/engine-family'
import type { TargetPlace } from '#domain/target-place'
import { REPLACED, replacedRecipients } from './replaced-recipients.ts'
import type { HostRole } from './schema.ts'
import type { WrittenPlace } from './target-location.ts'

/** What ecomdb works on: ecomdb.yaml, changed by the environment, changed by flags. Paths are absolute. */
export interface Config {
  /** The file that was read, or null when there is none and the environment says all. */
  file: string | null
  runsOn: HostRole
  server: ServerConfig
  target: { place: TargetPlace | null } & PlaceConfig
  /** The target as the file says it, and the file's folder: what a bucket that is named elsewhere leaves out. */
  writtenTarget?: { written: WrittenPlace; folder: string } | undefined
  /** With --from: where the repository itself is, whose copy `target` is then. */
  copiedFrom?: TargetPlace | null | undefined
  /** Of the server; none when left out. */
  replicas?: readonly ReplicaConfig[] | undefined
  copies: readonly CopyConfig[]
  /** recovery.yaml; undefined: ecomdb's own. */
  recoveryPolicyFile?: string | undefined
  /** access.yaml; undefined: ecomdb's own. */
  accessPolicyFile?: string | undefined
  /** password.yaml and totp.yaml; undefined: ecomdb's own. */
  passwordPolicyFile?: string | undefined
  totpPolicyFile?: string | undefined
  /** harden.yaml; undefined: ecomdb's own. */
  hardenPolicyFile?: string | undefined
  /** Where the monthly reports go; undefined: beside the state of the schedule. */
  reportsDirectory?: string | undefined
  keys: KeysConfig
  /** Who is told of trouble; null: nobody. */
  notify: NotifyConfig | null
  broker: BrokerConfig
  audit: AuditConfig
}

/** The broker: the issuer of session accounts. */
export interface BrokerConfig {
  /** The unix socket that it listens on; null where none is configured. */
  socketPath: string | null
  /** The group of the host whose members may ask for a session. */
  group: string | null
  /** The host from which the server sees the broker: identity accounts exist for it alone. */
  identityHost: string
  /** The host from which the server sees people's clients. */
  sessionHost: string
}

/** Ways to tell of trouble. */
export interface NotifyConfig {
  /** Files of mode 0600 that hold a URL. */
  heartbeatFile?: string | undefined
  webhookFile?: string | undefined
  mail?:
    | {
        to: readonly string[]
        from: string
        host: string
        port: number
        user?: string | undefined
        passwordFile?: string | undefined
        /** PEM; undefined: what the system trusts. */
        tlsCaFile?: string | undefined
      }
    | undefined
  /** A program and its arguments. */
  command?: readonly string[] | undefined
  /** How long until the same trouble is told of again. */
  repeatMs: number
}

/** The audit trail: who signs it, who is believed, and where checkpoints go. */
export interface AuditConfig {
  /** audit.yaml; undefined: ecomdb's own. */
  policyFile?: string | undefined
  signingKeyFile?: string | undefined
  trustedSigners: readonly string[]
  anchors: readonly TargetPlace[]
}

/** What the operator says of a place that holds a repository. */
export interface PlaceConfig {
  /** Equal words are one medium. */
  media: string | null
  offsite: boolean
}

/** A place that holds a copy of the repository. */
export interface CopyConfig extends PlaceConfig {
  name: string
  place: TargetPlace
  offline: boolean
  maxAgeMs: number
}

/** A replica: what is left out is as of the server. */
export interface ReplicaConfig {
  name: string
  socketPath?: string | undefined
  host?: string | undefined
  port?: number | undefined
  user?: string | undefined
  passwordFile?: string | undefined
  tls?: boolean | undefined
  tlsCaFile?: string | undefined
}

export interface ServerConfig {
  engine: EngineFamily | 'auto'
  /** With a socket, host and port are not used. */
  socketPath?: string | undefined
  host?: string | undefined
  port?: number | undefined
  user: string
  /** From ECOMDB_PASSWORD; it wins over the file. */
  password?: Secret | undefined
  /** Read when a connection is made, by `connectOptions`. */
  passwordFile?: string | undefined
  database: string
  /** Where ecomdb keeps what it knows of people and accounts; default ecomdb_access. */
  accessDatabase?: string | undefined
  /** Where ecomdb keeps the audit trail; default ecomdb_audit. */
  auditDatabase?: string | undefined
  /** Which programs set for their sessions; undefined: the server's own. */
  timeZone?: string | undefined
  tls?: boolean | undefined
  tlsCaFile?: string | undefined
}

export interface KeysConfig {
  /** age public keys. */
  recipients: readonly string[]
  /** Backups for one key alone are wished so. */
  singleRecipient?: boolean
  signingKeyFile?: string | undefined
  dedupKeyFile?: string | undefined
  /** Public signing keys whose snapshots are accepted. */
  trustedSigners: readonly string[]
  identityFiles: readonly string[]
  /** Seals the seeds of one-time codes. */
  totpKeyFile?: string | undefined
}

/** @throws EcomdbError CONFIG_INVALID when no target is configured */
export function targetPlace(config: Config): TargetPlace {
  if (config.target.place) return config.target.place
  throw missing(config, 'target', 'where backups are kept', 'ECOMDB_TARGET or --target')
}

/**
 * What a backup needs.
 *
 * @param warn is told where one key alone opens it
 * @throws EcomdbError CONFIG_INVALID when one of them is not configured
 */
export function backupKeys(
  config: Config,
  warn: (message: string) => void,
): Required<Pick<KeysConfig, 'recipients' | 'trustedSigners'>> & {
  signingKeyFile: string
  dedupKeyFile: string
} {
  const { recipients, trustedSigners, signingKeyFile, dedupKeyFile } = config.keys
  if (recipients.length === 0) {
    throw missing(config, 'keys.recipients', 'the public keys that a backup is encrypted to')
  }
  if (!signingKeyFile) {
    throw missing(config, 'keys.signing_key_file', 'the key that signs a snapshot')
  }
  if (!dedupKeyFile) throw missing(config, 'keys.dedup_key_file', 'the key that names objects')
  for (const one of replacedRecipients(config.file, recipients)) warn(`${one} ${REPLACED}`)
  if (new Set(recipients).size === 1 && !config.keys.singleRecipient) warn(ONE_RECIPIENT)
  return { recipients, trustedSigners, signingKeyFile, dedupKeyFile }
}

const ONE_RECIPIENT =
  'one key alone opens this backup (keys.recipients): when its private half is lost, so is every backup; add the escrow key (docs/keys.md), or say keys.single_recipient: true'

function missing(config: Config, key: string, meaning: string, otherwise?: string): EcomdbError {
  return new EcomdbError('CONFIG_INVALID', {
    what: `${key} is not set`,
    why: `it says ${meaning}; ${config.file ? `${config.file} does not have it` : 'there is no ecomdb.yaml'}`,
    hints: [
      ...(otherwise ? [`set ${key} in ecomdb.yaml, or use ${otherwise}`] : []),
      'run `ecomdb init` to make a configuration with keys',
    ],
  })
}
