import { shellWord } from '#core/shell-word'
import { formatBytes, formatCount, formatDuration } from '#core/units'
import type { RunbookFacts } from '#domain/status/runbook-facts'

/**
 * The page to follow when everything is gone, as Markdown that reads well on paper. Its `sh` blocks
 * are one shell session, and a test runs them.
 */
export function runbookMarkdown(facts: RunbookFacts): string {
  return [
    opening(facts),
    needs(facts),
    setUp(facts),
    choose(facts),
    prove(facts),
    restore(facts),
    afterwards(facts),
  ].join('\n')
}

function opening({ database, at, tool, repositoryId, objectives }: RunbookFacts): string {
  const promised = [
    ...(objectives.rtoMs === null ? [] : [`back within ${formatDuration(objectives.rtoMs)} (RTO)`]),
    ...(objectives.rpoMs === null
      ? []
      : [`with at most ${formatDuration(objectives.rpoMs)} lost (RPO)`]),
  ].join(', ')
  return `# When everything is gone: how ${database} comes back

Written ${minute(at)} by ${tool}, for repository ${repositoryId}. Print it, and keep it with the
escrow key and with the disk; write it anew when a key, a copy or a server changes.
${promised ? `Promised: ${promised}.\n` : ''}
Stop first. Keep the shop away from the server; move a broken data directory aside, delete nothing;
unmount every backup disk until you know what happened.
`
}

function needs(facts: RunbookFacts): string {
  const places = facts.places.map(({ label, where, media, offsite, offline }) => {
    const about = [media, offsite && 'off site', offline && 'offline'].filter(Boolean).join(', ')
    const place = where === null ? 'a disk with this label' : `\`${where}\``
    return `   - ${label}: ${place}${about && ` (${about})`}`
  })
  const list = (keys: readonly string[]): string =>
    keys.map(recipient => `   - \`${recipient}\``).join('\n')
  const { recipients, earlierRecipients } = facts
  const earlier =
    earlierRecipients.length === 0
      ? ''
      : `   The keys have been changed since: earlier snapshots, and moments in the binary log, may need an older
   one, too. Bring each that is left (a further \`--identity FILE\` for each, in sections 4 and 5):
${list(earlierRecipients)}
`
  return `## 1. What is needed

1. One of the copies:
${places.join('\n')}
${isBucket(facts) ? BUCKET_NEEDS : ''}2. One private key, a file with a line \`AGE-SECRET-KEY-…\`: the escrow key from its safe place, or
   operations'. Any one of those whose public halves are
${list(recipients)}
${earlier}3. A ${facts.engine} server, version ${facts.serverVersion.split('-')[0]} or newer, empty, with an administrator's account. A
   host with that server's programs, \`age\` and \`zstd\`.
4. ecomdb: \`npm install -g\` of the tarball that lies beside this page (\`npm pack\` makes it), on Node.js
   20 or newer. Without it the newest RESTORE*.md in the copy does the same by hand.
`
}

/** Within double quotes of a POSIX shell. */
const quoted = (text: string): string => text.replaceAll(/[\\"$`}]/g, '\\$&')

const isBucket = ({ places }: RunbookFacts): boolean =>
  places.some(({ where }) => where?.startsWith('s3://'))

const BUCKET_NEEDS = `   A bucket asks who reads it: a credential that may read its objects, as a drill host has. The one of the
   host that backs up may not.
`

const BUCKET_SET_UP = `Before them, for a bucket: \`export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…\`.
`

function setUp(facts: RunbookFacts): string {
  const { engine, database, trustedSigners, places } = facts
  const known = places.filter(({ where }) => where !== null)
  const place = known.find(({ offline }) => offline) ?? known.at(-1)
  return `## 2. Set up

Mount the disk read-only if you can. Correct the first three lines.
${isBucket(facts) ? BUCKET_SET_UP : ''}
\`\`\`sh
export COPY="\${COPY:-${quoted(place?.where ?? '/mnt/backup-disk')}}"
export KEY=\${KEY:-$HOME/escrow.identity}
export ECOMDB_SOCKET=\${ECOMDB_SOCKET:-/run/mysqld/mysqld.sock} ECOMDB_USER=\${ECOMDB_USER:-root}
mkdir -p "$HOME/rescue" && cd "$HOME/rescue"
chmod 600 "$KEY"
cat > ecomdb.yaml <<'END'
runs_on: all
server: { engine: ${engine}, database: ${JSON.stringify(database)} }
keys:
  trusted_signers:
${trustedSigners.map(signer => `    - ${JSON.stringify(signer)}`).join('\n')}
END
\`\`\`

The signers decide whose backups are believed: compare them with your own notes.
`
}

function choose({ newest, restorableUntil }: RunbookFacts): string {
  const log = restorableUntil
    ? `
The binary log is archived: any moment can be restored, when this was written until ${minute(restorableUntil)}.
Take \`ecomdb restore --at '2026-11-20 13:37:00+01:00'\` in place of \`ecomdb restore latest\` below, with the
moment before the damage; \`ecomdb backup window --target "$COPY"\` lists what there is.
`
    : ''
  return `## 3. What is there

\`\`\`sh
ecomdb backup list --from "$COPY"
\`\`\`

Expected: snapshots up to the last night. When this was written the newest showed ${minute(newest.consistentAt)}, with
${formatCount(newest.rows)} rows in ${formatBytes(newest.storedBytes)}. Far fewer rows are a reason to take an earlier one: its id in place
of \`latest\`.
${log}`
}

function prove({ proven, newest }: RunbookFacts): string {
  const figures = proven
    ? `The last proven restore (${minute(proven.at)}) brought ${formatCount(proven.rows ?? 0)} rows back in ${formatDuration(proven.rtoMs ?? 0)}.`
    : `No drill of rows has passed yet: nobody knows how long it takes. Do one now: \`ecomdb drill\`.`
  return `## 4. Prove it, beside everything

\`\`\`sh
ecomdb drill latest --from "$COPY" --identity "$KEY"
\`\`\`

Expected: its last line begins with \`proved:\`, with about ${formatCount(newest.rows)} rows. ${figures}
Exit 12 is the wrong key; 13 is a damaged copy: take another one; 14 is only slow.
`
}

function restore({ database }: RunbookFacts): string {
  return `## 5. Bring it back

Look first at what will be done, then do it.

\`\`\`sh
ecomdb restore latest --from "$COPY" --identity "$KEY" --dry-run > plan.txt
ecomdb restore latest --from "$COPY" --identity "$KEY" --confirm ${shellWord(database)}
\`\`\`

\`--confirm\` takes the name of any database that the plan names. Expected: \`restored\`, and every check \`ok\`. Status 13 means that something did not come back as it was:
let nobody in. Cut short, it goes on with \`--resume\`.
`
}

function afterwards({ database }: RunbookFacts): string {
  return `## 6. Let people in again

1. People's accounts are locked. Think of who has left, then \`ALTER USER … ACCOUNT UNLOCK\` for the others.
2. Events are disabled: \`ALTER EVENT … ENABLE\` for those that you want.
3. Let a colleague look at ${database}: \`ecomdb report orders --from … --to …\` against figures you know.
4. A new configuration, new keys, a new repository: \`ecomdb init\`. Back up at once, and drill.
5. Write down what happened, and how long it took.
`
}

const minute = (iso: string): string => `${iso.slice(0, 16).replace('T', ' ')} UTC`
