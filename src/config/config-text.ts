import type { S3Place, TargetPlace } from '#domain/target-place'
import type { HostRole } from './schema.ts'

/** What `ecomdb init` writes; paths as they shall stand in the file. */
export interface ConfigValues {
  runsOn: HostRole
  server: {
    engine?: string | undefined
    socket?: string | undefined
    host?: string | undefined
    port?: number | undefined
    user: string
    passwordFile?: string | undefined
    database: string
  }
  target: TargetPlace
  recipients: readonly string[]
  signingKeyFile: string
  dedupKeyFile: string
  trustedSigners: readonly string[]
  identityFiles: readonly string[]
}

/**
 * The text of a new ecomdb.yaml, with comments.
 *
 * @param schemaFile policies/ecomdb.schema.json, for editors
 */
export function configText(values: ConfigValues, schemaFile: string): string {
  const { server } = values
  return `# yaml-language-server: $schema=${schemaFile}
# ecomdb: what this host works on. Paths are relative to this file; no secret stands here.
# Flags win over the environment (ECOMDB_HOST, ECOMDB_DATABASE, …), which wins over this file.

# all: one host for everything (a trial). database: public keys only. vault, drill: see
# docs/hosts.md.
runs_on: ${values.runsOn}

server:
${line('engine', server.engine)}${line('socket', server.socket)}${line('host', server.host)}${line('port', server.port)}${line('user', server.user)}${line('password_file', server.passwordFile)}${line('database', server.database)}
target:
${targetLines(values.target)}
keys:
  # Backups are encrypted to these. The first is for operations (restores and drills); the
  # second is the escrow key, whose private half is kept offline by someone else.
  recipients:
${list(values.recipients)}
  # Signs snapshots, so that a planted one is refused.
${line('signing_key_file', values.signingKeyFile)}  # Names objects, so that what is stored already is not stored again.
${line('dedup_key_file', values.dedupKeyFile)}  # Public halves of the signing keys whose snapshots are believed.
  trusted_signers:
${list(values.trustedSigners)}
  # Private keys that open backups; on restore and drill hosts only.
  identity_files:${values.identityFiles.length ? `\n${list(values.identityFiles)}` : ' []'}
`
    .trimEnd()
    .concat('\n')
}

function targetLines({ directory, s3 }: TargetPlace): string {
  if (directory !== undefined) {
    return `  # The folder of the repository: a disk that can be taken away, or a mounted share.
${line('directory', directory)}  # What it is on (disk, raid, nas, …): \`backup status\` wants two media, and counts those that are named.
  # media: disk
`
  }
  const keys = Object.entries(writtenS3(s3)).map(([key, value]) => {
    if (typeof value !== 'object') return `  ${line(key, value)}`
    const inner = Object.entries(value).map(([name, one]) => `    ${line(name, one)}`)
    return `    ${key}:\n${inner.join('')}`
  })
  return `  # The bucket of the repository. What signs requests is a file, or the environment.
  s3:
${keys.join('')}`
}

/** As it stands below target.s3: what is as it is by default is left out. */
export function writtenS3(s3: S3Place) {
  const written = {
    bucket: s3.bucket,
    prefix: s3.prefix || undefined,
    endpoint: s3.endpoint,
    region: s3.region,
    path_style: s3.pathStyle === (s3.endpoint !== undefined) ? undefined : s3.pathStyle,
    ca_file: s3.caFile,
    profile: s3.profile,
    credentials_file: s3.credentialsFile,
    checksums: s3.checksums === 'when_supported' ? undefined : s3.checksums,
    bucket_owner_full_control: s3.bucketOwnerFullControl || undefined,
    object_lock: s3.objectLock,
  }
  return Object.fromEntries(
    Object.entries(written).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  ) as Record<string, NonNullable<(typeof written)[keyof typeof written]>>
}

/**
 * What is said of a bucket and stands there otherwise, in words: locks that somebody asked for must not be taken for
 * those of the file. What is not said is not compared.
 */
export function saidOtherwise(said: TargetPlace, known: TargetPlace): string[] {
  const there: Record<string, unknown> = known.s3 ? writtenS3(known.s3) : {}
  return Object.entries(said.s3 ? writtenS3(said.s3) : {}).flatMap(([key, value]) => {
    const [is, wanted] = [inWords(there[key]), inWords(value)]
    return is === wanted ? [] : [`${key} is ${is ?? 'not set'} there, and not ${wanted}`]
  })
}

function inWords(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return value === undefined ? value : `${value}`
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return members.map(([key, one]) => `${key} ${one}`).join(', ')
}

function line(key: string, value: string | number | boolean | undefined): string {
  return value === undefined ? '' : `  ${key}: ${scalar(value)}\n`
}

function list(values: readonly string[]): string {
  return values.map(value => `    - ${scalar(value)}`).join('\n')
}

/** A plain YAML scalar where that is safe, else a JSON string, which is YAML too. */
function scalar(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value)
  const plain = /^[A-Za-z/._][A-Za-z0-9/._@+=:-]*$/
  const special = /^(true|false|null|yes|no|on|off|~|\.+|\.(inf|nan))$|:$|: /i
  return plain.test(value) && !special.test(value) ? value : JSON.stringify(value)
}
