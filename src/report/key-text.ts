import { shellWord } from '#core/shell-word'
import { countOf, formatBytes } from '#core/units'
import type { KeyCheckReport, KeyRotation } from '#domain/backup/key-report'

/** `ecomdb key check` for people. */
export function keyCheckText(report: KeyCheckReport): string {
  const { identities, untried, missing, extra, log } = report
  return [
    `snapshot ${report.snapshotId} in ${report.target}`,
    ...identities.map(({ file, recipient, opens, problem, files, bytes }) =>
      opens
        ? `  opens     ${file} (${recipient}): ${countOf(files, 'file')}, ${formatBytes(bytes)} decrypted`
        : `  OPENS NOT ${file} (${recipient}): ${problem}`,
    ),
    ...untried.map(recipient => `  not tried ${recipient}: its identity is not here`),
    ...missing.map(
      recipient =>
        `  MISSING   ${recipient} is in keys.recipients, and cannot open it: back up again`,
    ),
    ...extra.map(
      recipient =>
        `  OLD       ${recipient} can open it, and is not in keys.recipients any more: back up again`,
    ),
    ...(log ? logLines(log) : []),
  ].join('\n')
}

function logLines({
  file,
  closedAt,
  missing,
  extra,
}: NonNullable<KeyCheckReport['log']>): string[] {
  const newest = `the newest segment of the binary log (${file}, closed ${closedAt.slice(0, 19)}Z)`
  const next = 'begin its archiver anew (docs/keys.md)'
  return [
    ...missing.map(
      one => `  MISSING   ${one} is in keys.recipients, and cannot open ${newest}: ${next}`,
    ),
    ...extra.map(
      one =>
        `  OLD       ${one} can open ${newest}, and is not in keys.recipients any more: ${next}`,
    ),
  ]
}

/** `ecomdb key rotate` for people. */
export function keyRotationText(rotation: KeyRotation): string {
  const { kind, dryRun, configFile, keyFile, old, takeAway } = rotation
  if (dryRun) {
    return [
      `would make ${keyFile}, and change ${configFile}`,
      `  old       ${old ?? 'none'}`,
      'nothing was changed',
    ].join('\n')
  }
  return [
    `made ${keyFile}, and changed ${configFile} (as it was: ${configFile}.before-rotation)`,
    `  old       ${old ?? 'none'}`,
    `  new       ${rotation.new}`,
    ...(takeAway
      ? [`TAKE AWAY NOW, to another place, and delete here: \`shred -u ${shellWord(keyFile)}\``]
      : []),
    ...(kind === 'audit'
      ? [
          'checkpoints that were signed before go on verifying: the old signer stays in audit.trusted_signers',
          'next: add the new signer to audit.trusted_signers on every host that verifies the trail',
        ]
      : kind === 'signing'
        ? [
            'old snapshots go on verifying: the old signer stays in keys.trusted_signers',
            'what follows the binary log signs with the old key until it is begun anew: `ecomdb schedule run` does that within a minute, any other `ecomdb backup binlog` is to be restarted now',
            'next: add the new signer to keys.trusted_signers on every host that reads snapshots, then back up',
          ]
        : [
            'keep the old private key as long as there are snapshots, and segments of the binary log, that were made for it',
            'what follows the binary log goes on with the old key until it is begun anew: `ecomdb schedule run` does that within a minute, any other `ecomdb backup binlog` is to be restarted now',
            'with an archived binary log, then `FLUSH BINARY LOGS` (and `ecomdb backup binlog --once` where nothing follows it): a file of the log that was begun before goes on needing the old key',
            'next: `ecomdb backup logical` (it stores everything anew), then `ecomdb key check`',
          ]),
  ].join('\n')
}
