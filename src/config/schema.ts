import { z } from 'zod'
import { DURATION } from '#core/duration'
import { notifySchema } from './notify-schema.ts'

/**
 * ecomdb.yaml. policies/ecomdb.schema.json, which editors use, is made from this, and so
 * are the errors; each description is shown in both.
 */

const path = (description: string) => z.string().min(1).describe(description)

const server = z
  .strictObject({
    engine: z
      .enum(['auto', 'mysql', 'mariadb'])
      .optional()
      .describe('the server family; auto asks the server (default)'),
    socket: path('a unix socket; give this, or host and port').optional(),
    host: path('a host name or address (default 127.0.0.1)').optional(),
    port: z.int().min(1).max(65535).optional().describe('a port from 1 to 65535 (default 3306)'),
    user: z
      .string()
      .min(1)
      .optional()
      .describe('the account that ecomdb uses (default: your login name)'),
    password_file: path('a file of mode 0600 that holds the password of that user').optional(),
    database: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('the schema of the shop (default shop)'),
    access_database: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('where ecomdb keeps what it knows of people and accounts (default ecomdb_access)'),
    audit_database: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('where ecomdb keeps the audit trail (default ecomdb_audit)'),
    time_zone: z
      .string()
      .regex(
        /^(?:[+-]\d{2}:\d{2}|[A-Za-z][\w+-]*(?:\/[\w+-]+)*)$/,
        '+02:00, or a name like Europe/Berlin',
      )
      .optional()
      .describe(
        "the time zone that programs set for their sessions, where it is not the server's own: restores make keys and columns of a TIMESTAMP's day in it (+00:00, Europe/Berlin)",
      ),
    tls: z.boolean().optional().describe('use TLS even when tls_ca_file is not given'),
    tls_ca_file: path("the CA's certificate (PEM): TLS, with the server's name checked").optional(),
  })
  .describe('the database server')

/** What the operator says of a place; nobody can measure it. */
const place = {
  media: z
    .string()
    .regex(/^[\w .+-]+$/, 'a word for the kind of medium, like disk, usb-disk, nas, s3')
    .optional()
    .describe(
      'what it is stored on: disk, usb-disk, nas, s3, …; equal words are one medium, and no word is none',
    ),
  offsite: z.boolean().optional().describe('it is kept in another building (default false)'),
}

const s3 = z
  .strictObject({
    bucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket')
      .describe('the bucket; it is never made'),
    prefix: z
      .string()
      .regex(/^([A-Za-z0-9_-][A-Za-z0-9._-]*(\/|$))*$/, 'a path like backups/shop')
      .optional()
      .describe('where in the bucket: backups/shop (default: the whole bucket)'),
    endpoint: z
      .string()
      .regex(/^https?:\/\/[^/?#@]+\/?$/, 'https://host or https://host:port')
      .optional()
      .describe("https://host:port of the service (default: Amazon's, or AWS_ENDPOINT_URL_S3)"),
    region: path(
      "the bucket's region (default: AWS_REGION; us-east-1 with an endpoint)",
    ).optional(),
    path_style: z
      .boolean()
      .optional()
      .describe('the bucket stands in the path, not in the host name (default: with an endpoint)'),
    ca_file: path("the CA's certificate (PEM), where the system does not know it").optional(),
    profile: path('a section of the credentials file, or of ~/.aws').optional(),
    credentials_file: path(
      'a file of mode 0600 like ~/.aws/credentials (default: AWS_ACCESS_KEY_ID and so on, ~/.aws)',
    ).optional(),
    checksums: z
      .enum(['when_supported', 'when_required'])
      .optional()
      .describe(
        "when_required: for services that refuse the SDK's checksums (default when_supported)",
      ),
    object_lock: z
      .strictObject({
        mode: z
          .enum(['governance', 'compliance'])
          .describe('compliance: nobody can lift it; governance: who may bypass it can'),
        days: z.int().min(1).max(36500).describe('how long every file is held'),
      })
      .optional()
      .describe('locks that every file gets, and that are checked; the bucket must allow locks'),
    bucket_owner_full_control: z
      .boolean()
      .optional()
      .describe("give files to the bucket's owner, where that is another account (default false)"),
  })
  .describe('a part of a bucket; give this, or directory')

/** Where a repository can be, with paths as they are written. */
const location = {
  directory: path('the folder that holds the repository').optional(),
  s3: s3.optional(),
  rate_limit_mib: z
    .number()
    .positive()
    .optional()
    .describe('MiB per second that may be read and written (default: no limit)'),
}

export const targetSchema = z
  .strictObject({ ...location, ...place })
  .describe('where backups are kept')

const copies = z
  .array(
    z.strictObject({
      name: z
        .string()
        .regex(/^[A-Za-z0-9][\w.-]*$/, 'a name of letters, digits, ".", "_" and "-"')
        .describe('its name in commands: `ecomdb backup copy --to NAME`'),
      ...location,
      directory: path('the folder of the copy; for a disk, below its mount point').optional(),
      ...place,
      offline: z
        .boolean()
        .optional()
        .describe('it is taken away or unmounted between copies (default false)'),
      max_age: z
        .string()
        .regex(DURATION, 'a length of time like 36h or 8d')
        .optional()
        .describe('how old its newest snapshot may be, like 36h or 8d (default 8d)'),
    }),
  )
  .describe('other places that hold the same repository; several disks may share one entry')

const replicas = z
  .array(
    z.strictObject({
      name: z
        .string()
        .regex(/^[A-Za-z0-9][\w.-]*$/, 'a name of letters, digits, ".", "_" and "-"')
        .describe('its name in commands: `ecomdb offboard … --server NAME`'),
      socket: path('a unix socket; give this, or host and port').optional(),
      host: path('a host name or address').optional(),
      port: z.int().min(1).max(65535).optional().describe('a port from 1 to 65535 (default 3306)'),
      user: path('the account there (default: that of the server)').optional(),
      password_file: path(
        'a file of mode 0600 with its password (default: that of the server)',
      ).optional(),
      tls: z.boolean().optional().describe('use TLS even when tls_ca_file is not given'),
      tls_ca_file: path(
        "the CA's certificate (PEM): TLS, with the server's name checked",
      ).optional(),
    }),
  )
  .describe('replicas of the server, where sessions of a leaver end too')

const keys = z
  .strictObject({
    recipients: z
      .array(z.string().regex(/^age1[0-9a-z]+$/))
      .optional()
      .describe('age public keys (age1…); at least two: operations, and escrow kept offline'),
    single_recipient: z
      .boolean()
      .optional()
      .describe('true: one recipient is enough, and nothing warns of it (default false)'),
    signing_key_file: path('the private Ed25519 key that signs snapshots').optional(),
    dedup_key_file: path(
      'the key that names objects, so that unchanged ones are reused',
    ).optional(),
    trusted_signers: z
      .array(z.string().min(1))
      .optional()
      .describe('public signing keys whose snapshots are accepted'),
    identity_files: z
      .array(z.string().min(1))
      .optional()
      .describe('age private keys; on restore and drill hosts only'),
    totp_key_file: path(
      "the key that seals the seeds of one-time codes; on the broker's host, never in the database",
    ).optional(),
  })
  .describe('keys; a database host holds public keys only')

const audit = z
  .strictObject({
    policy: path(
      'which tables are audited, and who may write: an audit.yaml (default: the one that ecomdb comes with)',
    ).optional(),
    signing_key_file: path(
      'the private Ed25519 key that signs checkpoints; on the sealing host only, which need not be the database host',
    ).optional(),
    trusted_signers: z
      .array(z.string().min(1))
      .optional()
      .describe('public keys whose checkpoints are believed'),
    anchors: z
      .array(z.strictObject(location))
      .optional()
      .describe('where each checkpoint goes at once: folders and buckets outside the database'),
  })
  .describe('the audit trail')

const runsOn = z
  .enum(['all', 'database', 'vault', 'drill'])
  .describe(
    'what this host does: database (holds public keys only), vault (copies, expires, verifies), drill (restores, holds an identity), or all (default; for a trial)',
  )

const concreteHost = z
  .string()
  .regex(/^[A-Za-z0-9:][A-Za-z0-9.:-]{0,254}$/, 'one host: a name or an address, without % and _')

const broker = z
  .strictObject({
    socket: path('the unix socket of the broker').optional(),
    group: z
      .string()
      .regex(/^[a-z_][a-z0-9_-]*$/, 'the name of a group')
      .optional()
      .describe('the group of this host whose members may use it (default: its own user only)'),
    identity_host: concreteHost
      .optional()
      .describe('the host that the server sees the broker come from (default localhost)'),
    session_host: concreteHost
      .optional()
      .describe("the host that the server sees people's clients come from (default: the same)"),
  })
  .describe('who gives people their sessions')

export const configSchema = z
  .strictObject({
    runs_on: runsOn.optional(),
    server: server.optional(),
    target: targetSchema.optional(),
    replicas: replicas.optional(),
    copies: copies.optional(),
    recovery_policy: path(
      'what is promised and kept: a recovery.yaml (default: the one that ecomdb comes with)',
    ).optional(),
    access_policy: path(
      'who may do what: an access.yaml (default: the one that ecomdb comes with)',
    ).optional(),
    password_policy: path(
      'what a password must be: a password.yaml (default: the one that ecomdb comes with)',
    ).optional(),
    totp_policy: path(
      'the second factor: a totp.yaml (default: the one that ecomdb comes with)',
    ).optional(),
    harden_policy: path(
      'who may hold what, and what is lived with until when: a harden.yaml (default: the one that ecomdb comes with)',
    ).optional(),
    reports_directory: path(
      'where `ecomdb report monthly` puts the reports of each month (default: beside the state of the schedule)',
    ).optional(),
    keys: keys.optional(),
    notify: notifySchema.optional(),
    broker: broker.optional(),
    audit: audit.optional(),
  })
  .describe('ecomdb.yaml: what ecomdb works on')

/** The file's content, as it is written: snake_case, and paths relative to the file. */
export type ConfigFile = z.infer<typeof configSchema>

/** What a host does; decides which keys may be on it. */
export type HostRole = z.infer<typeof runsOn>

/** For policies/ecomdb.schema.json. */
export function configJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input' })
  return { $schema, title: 'ecomdb.yaml', ...schema }
}
