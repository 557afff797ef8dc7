import { countOf } from '#core/units'
import type {
  AuditInstallReport,
  AuditStatusReport,
  AuditUninstallReport,
  ExportReport,
  SealReport,
  TranscriptLine,
  VerifyReport,
} from '#domain/audit/audit-report'
import type { Finding } from '#domain/audit/finding'
import type { PruneReport } from '#domain/audit/retention'
import { RIGHTS_UNREAD } from '#domain/audit/rights-watch'
import { sealAgeText } from '#domain/audit/seal-age'
import { sealProblems } from '#domain/audit/seal-problems'

/** `ecomdb audit install` for people. */
export function auditInstallText(report: AuditInstallReport): string {
  const { database, store, dryRun, statements, baselines, tables } = report
  if (dryRun) {
    return statements.length
      ? [...statements.map(statement => `${statement};`), 'nothing was changed'].join('\n')
      : `nothing to do: ${tables.join(', ')} of ${database} are audited`
  }
  return [
    `${database}: ${tables.join(', ')} are audited; the trail is in ${store}`,
    `  statements  ${statements.length}`,
    ...baselines.map(({ table, rows }) => `  baseline    ${table}: ${countOf(rows, 'row')}`),
    ...(statements.length + baselines.length > 0
      ? [
          'next: `ecomdb audit seal`, where the audit key is; with --accept REASON when the trail is older than this',
        ]
      : []),
  ].join('\n')
}

/** `ecomdb audit uninstall` for people. */
export function auditUninstallText({ database, statements, done }: AuditUninstallReport): string {
  if (done) return `${database} is not audited any more; the trail stays`
  return [
    ...statements.map(statement => `${statement};`),
    `nothing was changed; do it with --confirm ${database}`,
  ].join('\n')
}

/** `ecomdb audit status` for people. */
export function auditStatusText(report: AuditStatusReport): string {
  const { database, store, tables, notInPolicy, missingAnchors } = report
  return [
    `${database}, trail in ${store}`,
    ...tables.flatMap(({ table, problems }) =>
      problems.length
        ? problems.map(problem => `  PROBLEM  ${table}: ${problem}`)
        : [`  audited  ${table}`],
    ),
    ...notInPolicy.map(table => `  audited  ${table}, which the policy does not name`),
    ...sealLines(report),
    ...(missingAnchors > 0
      ? [`  PROBLEM  ${countOf(missingAnchors, 'anchor')} missing: name more under audit.anchors`]
      : []),
  ].join('\n')
}

function sealLines({ trailId, signersTrusted, sealed, sealAge }: AuditStatusReport): string[] {
  if (trailId !== null && !signersTrusted) {
    return [
      '  PROBLEM  how far it is sealed is not known: no signer is trusted here (audit.trusted_signers)',
    ]
  }
  return [
    sealed
      ? `  sealed   batch ${sealed.batch} at ${sealed.sealedAt}, up to event ${sealed.sealedTo}`
      : '  sealed   nothing',
    ...(sealAge?.late
      ? [`  PROBLEM  ${sealAgeText(sealAge)}: does \`ecomdb audit seal --follow\` run?`]
      : []),
    ...(sealed?.rightsWatched === false ? [`  PROBLEM  ${RIGHTS_UNREAD}`] : []),
  ]
}

/** `ecomdb audit seal` for people. */
export function sealText(report: SealReport, wanted: number): string {
  const { batches, events, head, epochBreak, anchors } = report
  return [
    `sealed ${countOf(events, 'event')} in ${batches} ${batches === 1 ? 'batch' : 'batches'}`,
    ...(head ? [`  head     batch ${head.batch}, ${head.sealedAt}, ${head.sha256}`] : []),
    ...(epochBreak
      ? [`  epoch    broken: ${lostText(epochBreak.lost)} (${epochBreak.reason})`]
      : []),
    ...anchors
      .filter(({ failed }) => failed === null)
      .map(({ label, put }) => `  anchor   ${label}: ${put} new`),
    ...sealProblems(report, wanted).map(one => `  FINDING  ${one}`),
  ].join('\n')
}

function lostText(batches: string): string {
  return batches ? `batches ${batches} are lost` : 'no batch is lost'
}

/** `ecomdb audit export` for people. */
export function exportText({ file, batches, events, rows }: ExportReport): string {
  return [
    `wrote ${file}: ${batches} checkpoints, ${countOf(events, 'event')}, ${countOf(rows, 'row')}`,
    'it holds what was said in chats: give it to the auditor alone',
  ].join('\n')
}

/** `ecomdb audit verify` for people. */
export function verifyText(report: VerifyReport): string {
  const { checked, anchors, told, notes, counts, findings, source, readAt } = report
  const kinds = Object.entries(counts).map(([kind, count]) => `${kind} ${count}`)
  return [
    `${report.database} as ${source} was at ${readAt} UTC`,
    `  checked  ${countOf(checked.batches, 'checkpoint')}, ${countOf(checked.events, 'event')}, ${countOf(checked.rows, 'row')}; ${checked.unsealed} not sealed yet`,
    ...anchors.map(
      ({ label, batches }) => `  anchor   ${label}: ${countOf(batches, 'checkpoint')}`,
    ),
    ...told.map(one => `  told     ${one}`),
    ...notes.map(note => `  note     ${note}`),
    ...findings.map(findingLine),
    kinds.length ? `FINDINGS: ${kinds.join(', ')}` : 'nothing was found',
  ].join('\n')
}

/** `ecomdb audit prune` for people. */
export function pruneText(report: PruneReport, database: string): string {
  const { batches, events, kept, released, removed, before, batch, dryRun, warnings } = report
  const { heldBack } = report
  const held = [
    ...(heldBack === null ? [] : [`  FINDING  ${heldBack}: it stays, and all after it`]),
    ...warnings.map(one => `  FINDING  ${one}`),
  ]
  if (!batches && !released)
    return [`nothing is older than ${before} UTC and may go`, ...held].join('\n')
  return [
    ...(batches
      ? [
          `batches ${batches}, sealed before ${before} UTC: ${countOf(events, 'event')}`,
          `  stay     ${countOf(kept, 'event')}, the newest of rows that are there`,
        ]
      : [`no batch more was sealed before ${before} UTC`]),
    ...(released > 0
      ? [`  stayed   ${countOf(released, 'event')} before, of rows that are gone or changed since`]
      : []),
    dryRun ? `  would go ${countOf(removed, 'event')}` : `  removed  ${countOf(removed, 'event')}`,
    ...(batch === null ? [] : [`  sealed   in batch ${batch}`]),
    ...held,
    ...(dryRun ? [`nothing was changed; do it with --confirm ${database}`] : []),
  ].join('\n')
}

function findingLine(found: Finding): string {
  const { kind, table, row, batch, from, to, detail } = found
  const where = table ? ` ${table}${row === null ? '' : ` ${row}`}:` : ''
  const time = from === null ? '' : from === to ? `, at ${from}` : `, between ${from} and ${to}`
  return `  ${kind}${where} ${detail}${batch === null ? '' : ` (batch ${batch})`}${time}`
}

/** `ecomdb chat transcript` for people. */
export function transcriptText(lines: readonly TranscriptLine[]): string {
  if (lines.length === 0) return 'nothing was said in this chat, or there is no such chat'
  return lines
    .map(({ at, author, name, text }) => `${at}  ${author} ${name}: ${text ?? '(not kept)'}`)
    .join('\n')
}
