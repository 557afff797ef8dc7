import { configJsonSchema } from './schema.ts'

/** Variables that `loadConfig` reads, and what they stand for. */
const VARIABLES: readonly (readonly [string, string])[] = [
  ['ECOMDB_CONFIG', 'the file to use instead of `./ecomdb.yaml` and `/etc/ecomdb/ecomdb.yaml`'],
  ['ECOMDB_ENGINE', '`server.engine`'],
  ['ECOMDB_SOCKET', '`server.socket`; a host of the file is then not used'],
  ['ECOMDB_HOST', '`server.host`; a socket of the file is then not used'],
  ['ECOMDB_PORT', '`server.port`'],
  ['ECOMDB_USER', '`server.user`'],
  ['ECOMDB_PASSWORD', 'the password itself; it wins over any password file'],
  ['ECOMDB_PASSWORD_FILE', '`server.password_file`'],
  ['ECOMDB_DATABASE', '`server.database`'],
  ['ECOMDB_ACCESS_DATABASE', '`server.access_database`'],
  ['ECOMDB_AUDIT_DATABASE', '`server.audit_database`'],
  [
    'ECOMDB_TARGET',
    'the target: a folder, or `s3://bucket/prefix?endpoint=…`, with other keys of `target.s3` too',
  ],
  [
    'ECOMDB_OPERATOR',
    'who runs this, where it is not the login name; for `operators` of policies/totp.yaml',
  ],
  ['ECOMDB_OPERATOR_CODE', "the operator's one-time code"],
  ['ECOMDB_OPERATOR_CODE_FILE', 'a file of mode 0600 with it'],
  ['ECOMDB_PROGRESS', '`--progress`: auto, bar, lines, json or none'],
  ['ECOMDB_STATE', 'where sandboxes and journals live (default `~/.local/state/ecomdb`)'],
  ['ECOMDB_CACHE', 'where bin/setup unpacks programs (default `~/.cache/ecomdb`)'],
  [
    'ECOMDB_MYSQL_BASEDIR',
    "the folder of another MySQL's programs: with `bin/` in it, or `root/usr/bin/` and libraries of its own as bin/setup unpacks them",
  ],
  ['ECOMDB_MARIADB_BASEDIR', "the same for MariaDB's"],
]

interface Schema {
  description?: string
  enum?: readonly string[]
  type?: string
  properties?: Readonly<Record<string, Schema>>
  items?: Schema
}

/** docs/configuration.md */
export function configGuideMarkdown(): string {
  const variables = VARIABLES.map(([name, meaning]) => `| \`${name}\` | ${meaning} |`)
  return `# Configuration

Made from src/config/ by \`npm run generate\`. \`ecomdb init\` writes an \`ecomdb.yaml\`; editors that
know YAML schemas complete and check it (policies/ecomdb.schema.json). Flags win over the
environment, which wins over the file. Everything about the server can come from flags and
environment alone. Paths in the file are relative to the file, others to the working folder. A
mistake is reported with file, line and column; an unknown key is a mistake.

No secret stands in the file: the password comes from a file of mode 0600, from
\`ECOMDB_PASSWORD\`, or is asked for by \`ecomdb init\`; keys are files of their own (docs/keys.md).

## ecomdb.yaml

| key | type | meaning |
| --- | ---- | ------- |
${rowsOf(configJsonSchema() as Schema, '').join('\n')}

## Environment

| variable | meaning |
| -------- | ------- |
${variables.join('\n')}
`
}

function rowsOf({ properties = {} }: Schema, prefix: string): string[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const key = prefix + name
    const row = `| \`${key}\` | ${typeOf(schema)} | ${schema.description ?? ''} |`
    return [row, ...rowsOf(schema, `${key}.`), ...rowsOf(schema.items ?? {}, `${key}[].`)]
  })
}

function typeOf(schema: Schema): string {
  if (schema.enum) return schema.enum.join(', ')
  const names: Record<string, string> = { object: 'keys', array: 'list', integer: 'number' }
  return names[schema.type ?? ''] ?? schema.type ?? ''
}
