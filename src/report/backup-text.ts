import { formatBytes, formatCount } from '#core/units'
import { failedAtMoment } from '#domain/backup/proof-of-snapshot'
import type {
  Exposure,
  FilesContent,
  Proof,
  Refused,
  ShownSnapshot,
  SnapshotContent,
  SnapshotList,
  SnapshotSummary,
  UnsteadyRead,
  VerifiedLog,
  VerifiedSnapshot,
  VerifyReport,
} from '#domain/backup/repository-report'
import { alignColumns } from './align-columns.ts'
import { positionText, sourceLines } from './position-text.ts'

/** `ecomdb backup list` for people. */
export function snapshotListText(list: SnapshotList): string {
  const { snapshots, refused, exposed } = list
  // Which server: said only where a repository serves more than one.
  const several = new Set(snapshots.map(({ sourceId }) => sourceId)).size > 1
  const source = (cell: string): string[] => (several ? [cell] : [])
  const table = alignColumns(
    [
      [
        'SNAPSHOT',
        'SHOWS (UTC)',
        'KIND',
        'SERVER',
        'TABLES',
        'ROWS',
        'STORED',
        'NEW',
        'VERIFIED',
        'DRILLED',
        ...source('SOURCE'),
      ],
      ...snapshots.map(one => [...summaryCells(one), ...source(one.sourceId)]),
    ],
    [
      'left',
      'left',
      'left',
      'left',
      'right',
      'right',
      'right',
      'right',
      'left',
      'left',
      ...(several ? ['left' as const] : []),
    ],
  )
  return [
    snapshots.length > 0 ? table : noSnapshot(list),
    ...(snapshots.some(({ part }) => part) ? ['(part): of some databases only'] : []),
    ...(snapshots.some(({ sharesDamage }) => sharesDamage) ? [DAMAGED] : []),
    ...refusedLines(refused),
    ...exposedLines(exposed),
  ].join('\n')
}

const SHARES =
  'a file that it shares was found damaged at another snapshot since; `ecomdb backup verify --all` reads it again'
const DAMAGED = `DAMAGED: ${SHARES}`

function noSnapshot({ target, copyId, refused }: SnapshotList): string {
  if (refused.length > 0) return `no snapshot in ${target} is believed`
  return copyId === null
    ? `no snapshot in ${target} yet: \`ecomdb backup logical\` makes one`
    : `no snapshot in ${target} yet: \`ecomdb backup copy\` brings what the repository has`
}

function summaryCells(one: SnapshotSummary): string[] {
  return [
    one.snapshotId,
    shortTime(one.consistentAt),
    one.base ? 'incremental' : `${one.method}${one.part ? ' (part)' : ''}`,
    `${one.engine} ${one.serverVersion.split('-')[0]}`,
    ...(one.method === 'logical' ? [formatCount(one.tables), formatCount(one.rows)] : ['-', '-']),
    formatBytes(one.storedBytes),
    formatBytes(one.newBytes),
    one.sharesDamage ? 'DAMAGED' : proofText(one.verified),
    proofText(one.drilled),
  ]
}

/** `ecomdb backup show` for people. */
export function shownSnapshotText({
  summary,
  envelope,
  attestations,
  content,
  files,
}: ShownSnapshot): string {
  const facts: [string, string][] = [
    ['snapshot', summary.snapshotId],
    ['shows', `${summary.consistentAt} (the moment that the rows are of)`],
    ['made', `${envelope.startedAt} to ${envelope.completedAt} by ${envelope.tool}`],
    ['server', `${summary.engine} ${summary.serverVersion} (source ${envelope.sourceId})`],
    summary.method === 'logical'
      ? [
          'rows',
          `${formatCount(summary.rows)} in ${formatCount(summary.tables)} tables${summary.part ? ', of some databases only' : ''}`,
        ]
      : ['files', summary.base ? `what has changed since ${summary.base}` : 'all data files'],
    [
      'stored',
      `${formatBytes(summary.storedBytes)} in ${formatCount(envelope.objects)} objects, ${formatBytes(summary.newBytes)} of it new`,
    ],
    ...(envelope.lockUntil
      ? [
          ['locked', `until ${envelope.lockUntil}, as the target said of every file`] as [
            string,
            string,
          ],
        ]
      : []),
    ['parent', envelope.parent?.snapshotId ?? 'none'],
    ...(summary.sharesDamage ? [['damaged', SHARES] as [string, string]] : []),
    ...envelope.recipients.map((recipient): [string, string] => ['recipient', recipient]),
    ...attestations.map((one): [string, string] => [
      one.kind,
      `${one.outcome} ${one.completedAt}${failedAtMoment(one) ? ', only at its moment of the log: the snapshot came back' : ''}`,
    ]),
  ]
  return [
    alignColumns(facts, ['left', 'left']),
    '',
    content
      ? contentText(content)
      : files
        ? filesText(files)
        : 'tables and definitions are encrypted: give --identity FILE to see them',
  ].join('\n')
}

function filesText(content: FilesContent): string {
  const { copiedBy, lockedMs, position, databases } = content
  const who = position.engine === 'mysql' ? 'writers' : 'commits'
  const waited = lockedMs === null ? '' : `, ${who} waited at most ${lockedMs} ms`
  return [
    `copied by ${copiedBy}${waited}`,
    `position ${positionText(position)}`,
    ...sourceLines(position),
    `databases ${databases.join(', ') || 'none'}`,
    `${formatCount(content.files)} files (${formatBytes(content.bytes)}) in ${formatCount(content.blocks)} blocks of ${formatCount(content.packs)} packs`,
  ].join('\n')
}

function contentText({ proof, position, tables, programs, accounts }: SnapshotContent): string {
  const binlog = position.file ? `${position.file}:${position.offset}` : 'binary log off'
  const kinds = new Map<string, number>()
  for (const { kind } of programs) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  return [
    `consistent by ${proof.method}, ${proof.readers} readers, writers waited at most ${proof.lockedMs} ms`,
    `position ${binlog}${position.gtidSet ? `, GTID ${position.gtidSet}` : ''}`,
    ...sourceLines(position),
    `${accounts.length} accounts and roles; ${[...kinds].map(([kind, n]) => `${kind} ${n}`).join(', ') || 'no programs'}`,
    '',
    alignColumns(
      [
        ['TABLE', 'ROWS', 'TSV', 'PIECES'],
        ...tables.map(({ schema, name, rows, bytes, pieces }) => [
          `${schema}.${name}`,
          formatCount(rows),
          formatBytes(bytes),
          formatCount(pieces),
        ]),
      ],
      ['left', 'right', 'right', 'right'],
    ),
  ].join('\n')
}

/** `ecomdb backup verify` for people: every damaged object by name. */
export function verifyReportText(report: VerifyReport): string {
  return [
    ...report.snapshots.flatMap(one => verifiedLines(one, report.level)),
    ...report.gone.map(goneLine),
    ...refusedLines(report.refused),
    ...doubtedLines(report),
    ...exposedLines(report.exposed),
    ...unsteadyLines(report.unsteady),
    ...(report.log ? logLines(report.log, report.copyId !== null) : []),
    ...(report.snapshots.length + report.refused.length + report.gone.length === 0
      ? noneLines(report)
      : []),
    ...(report.readFrom === 'cache' ? FROM_MEMORY : []),
    ...(isAnySnapshotBad(report) ? mendLines(report) : []),
  ].join('\n')
}

const FROM_MEMORY = [
  'Read through the memory of this machine, for its file system cannot be read past it: what the disk has lost since it',
  'was written, or was last read here, shows when it is verified from another host, or after a reboot.',
]

function doubtedLines({ doubted, copyId }: VerifyReport): string[] {
  if (doubted.length === 0) return []
  return [
    ...refusedLines(doubted),
    'What these say of their snapshots is not known: a proof that failed may be among them.',
    ...UNKNOWN_SIGNER,
    copyId
      ? 'One that has rotted: remove it from this copy, and the next `ecomdb backup copy` to it brings it again.'
      : 'One that has rotted: bring it back from a copy, or remove it, and verify or drill that snapshot anew.',
  ]
}

function noneLines({ target, copyId }: VerifyReport): string[] {
  const next = copyId
    ? '`ecomdb backup copy` to it brings those of the repository'
    : '`ecomdb backup logical` makes one'
  return [`NO SNAPSHOT in ${target}: of the log alone nothing can be restored; ${next}`]
}

function mendLines({ copyId, snapshots, refused }: VerifyReport): string[] {
  const failed = snapshots.filter(({ outcome }) => outcome === 'failed')
  if (!copyId)
    return [
      ...(failed.length > 0
        ? [
            'FAILED. Keep this repository as it is, use another copy to restore, and make a new backup:',
            'damaged objects are stored anew. An earlier snapshot may be whole: `ecomdb backup verify --all`.',
          ]
        : ['FAILED. Nothing that is believed is damaged.']),
      ...(refused.length > 0 ? UNKNOWN_SIGNER : []),
    ]
  const isSigned = failed.every(({ attestationId }) => attestationId !== null)
  return [
    'FAILED. To restore, use the repository or another copy.',
    ...(failed.length > 0
      ? ['The next `ecomdb backup copy` to this copy brings what is damaged again.']
      : []),
    ...(isSigned
      ? []
      : ['First verify it with keys.signing_key_file: a copy goes by what was signed.']),
    ...(refused.length > 0
      ? [
          ...UNKNOWN_SIGNER,
          'What is not to be believed has to be removed from the copy first: nothing is overwritten.',
        ]
      : []),
  ]
}

export const UNKNOWN_SIGNER = [
  'What is not believed for its signer: where a signing key was rotated, add the new signer to keys.trusted_signers',
  'of this host (docs/keys.md); else find out who has put it there.',
]

function isAnySnapshotBad({ snapshots, refused }: VerifyReport): boolean {
  return refused.length > 0 || snapshots.some(({ outcome }) => outcome === 'failed')
}

function logLines({ segments, bytes, damaged, refused }: VerifiedLog, isCopy: boolean): string[] {
  const read = `${formatCount(segments)} segments, ${formatBytes(bytes)}`
  if (damaged.length + refused.length === 0) return [`binary log  verified  ${read}`]
  return [
    `binary log  FAILED  ${damaged.length} of ${read}`,
    ...damaged.map(({ path, problem }) => `  ${path}: ${problem}`),
    ...refused.map(({ name, why }) => `NOT BELIEVED  ${name}: ${why}`),
    'The log leads no further than there from earlier snapshots.',
    ...(isCopy
      ? ['Remove such files from this copy: the next `ecomdb backup copy` to it brings them again.']
      : [
          'Bring such files back from a copy of the repository, or run FLUSH BINARY LOGS on the server and make',
          'a new backup: from that on every moment can be restored again.',
        ]),
  ]
}

function verifiedLines(one: VerifiedSnapshot, level: VerifyReport['level']): string[] {
  const read = `${formatCount(one.objects)} objects, ${formatBytes(one.bytes)}`
  if (one.outcome === 'passed') {
    const what =
      level === 'deep'
        ? `${read}: decrypted, ${one.blocks ? `${formatCount(one.blocks)} blocks` : `${formatCount(one.rows ?? 0)} rows`} and all hashes as in the manifest`
        : `${read}: sizes and SHA-256 as signed (--deep decrypts and compares the content too)`
    const signed = one.attestationId ? ', attested' : ''
    return [`${one.snapshotId}  verified  ${what}${signed}`]
  }
  return [
    `${one.snapshotId}  FAILED  ${one.damaged.length} of ${formatCount(one.objects)} objects`,
    ...one.damaged.map(
      ({ path, problem, tables }) =>
        `  ${path}: ${problem}; ${tables.length > 0 ? `table ${tables.join(', ')}` : 'tables unknown without an identity'}`,
    ),
  ]
}

function goneLine({ snapshotId, announced }: VerifyReport['gone'][number]): string {
  return announced
    ? `${snapshotId}  gone      an expire on another host removed it while it was read`
    : `VANISHED  ${snapshotId}: it was removed while it was read, and no tombstone tells of it`
}

function refusedLines(refused: readonly Refused[]): string[] {
  return refused.map(({ name, code, why }) => `NOT BELIEVED  ${name}: ${why} (${code})`)
}

/** The last line tells what to do. */
export function unsteadyLines(unsteady: readonly UnsteadyRead[]): string[] {
  if (unsteady.length === 0) return []
  return [
    ...unsteady.map(({ name, problem }) => `UNSTEADY  ${name}: ${problem}`),
    'What lies there is whole, and was not called damaged: memory, a cable, a disk or a proxy on the way changes bytes.',
  ]
}

export function exposedLines(exposed: readonly Exposure[]): string[] {
  return exposed.map(({ name, problem }) => `EXPOSED  ${name}: ${problem}`)
}

function proofText(proof: Proof | null): string {
  if (!proof) return 'never'
  if (proof.outcome === 'passed') return shortTime(proof.at)
  return `${proof.atMoment ? 'moment ' : ''}FAILED ${shortTime(proof.at)}`
}

/** 2026-11-20T12:34:56.789Z -> 2026-11-20 12:34:56 */
function shortTime(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ')
}
