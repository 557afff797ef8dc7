import { string } from '@oclif/core/args'
import { boolean } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, fromFlag, identityFlags, isTarget, targetFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { systemClock } from '#core/clock'
import { EXIT, type ExitStatus } from '#core/errors'
import type { VerifyReport } from '#domain/backup/repository-report'
import { verifyReportText } from '#report/backup-text'
import { verifySnapshots } from '#workflow/backup/verify-snapshots'

export default class BackupVerify extends BaseCommand {
  static override summary =
    'read the bytes of snapshots again and compare them with the signed envelope'

  static override description =
    'Sizes and SHA-256 of every object are checked without an identity. With --deep every object is decrypted and decompressed too, and rows and hashes are compared with the manifest. Every object that two reads find damaged is named (exit 13); so is what was read wrong once and then right, which is the fault of the way and not of the place (exit 3); so is, in a bucket, what somebody has laid over a file, a lock that does not hold as promised, and a binary log without any snapshot, and with --all an attestation that is not believed (exit 3). Where a signing key is at hand, a signed attestation is written, and the next backup stores damaged objects anew.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --all',
    '<%= config.bin %> <%= command.id %> latest --deep --identity keys/operations.txt',
  ]

  static override exits = [EXIT.FINDINGS]

  static override args = {
    snapshot: string({
      description:
        "a snapshot id, the beginning of one, or 'latest'; without one, the newest, and the newest of each other server, method and choice of databases that was never looked at here",
    }),
  }

  static override flags = {
    all: boolean({
      summary: 'every snapshot and the binary log; an object that several need is read once',
    }),
    deep: boolean({
      summary: 'decrypt, decompress and compare rows and hashes (needs an identity)',
    }),
    ...targetFlags,
    ...fromFlag,
    ...identityFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(BackupVerify)
    const config = await configFrom(flags)
    const { all, deep } = flags
    const snapshot = all ? 'all' : (args.snapshot ?? 'newest')
    const options = { target: await wire.target(config), snapshot, deep, keys: config.keys }
    const result = await verifySnapshots(
      { ...options, clock: systemClock, isTarget: isTarget(flags) },
      this.progress,
    )
    return { result, text: verifyReportText(result), status: statusOf(result) }
  }
}

function statusOf({
  outcome,
  exposed,
  snapshots,
  refused,
  doubted,
  unsteady,
  gone,
}: VerifyReport): ExitStatus {
  if (outcome === 'failed') return EXIT.VERIFICATION_FAILED
  // A proof that nobody will find is none for retention.
  const lost = snapshots.some(({ unattested }) => unattested !== undefined)
  // Of the log alone nothing can be restored: the snapshots may have been taken away.
  const none = snapshots.length + refused.length + gone.length === 0
  const vanished = gone.some(({ announced }) => !announced)
  return exposed.length + unsteady.length + doubted.length > 0 || lost || none || vanished
    ? EXIT.FINDINGS
    : EXIT.DONE
}
