import { string } from '@oclif/core/args'
import { boolean, integer } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, fromFlag, identityFlags, targetFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { EXIT, type ExitStatus } from '#core/errors'
import type { KeyCheckReport } from '#domain/backup/key-report'
import { keyCheckText } from '#report/key-text'
import { checkKeys } from '#workflow/key/check-keys'

export default class KeyCheck extends BaseCommand {
  static override summary = 'prove that a private key opens the newest snapshot'

  static override description =
    'Decrypts the manifest and objects of a snapshot with each identity by itself, in memory, and writes no plaintext anywhere. Bring the escrow key from its safe place for it from time to time. Exit status 12 when an identity does not open the snapshot, 3 when the snapshot, or the newest segment of the binary log, is not encrypted to the recipients that ecomdb.yaml names now.'

  static override examples = [
    '<%= config.bin %> <%= command.id %> --identity /media/safe/escrow.identity',
    '<%= config.bin %> <%= command.id %> --identity escrow.identity --all --from disks',
  ]

  static override exits = [EXIT.FINDINGS, EXIT.LOCKED]

  static override args = {
    snapshot: string({
      description: "a snapshot id, the beginning of one, or 'latest'",
      default: 'latest',
    }),
  }

  static override flags = {
    all: boolean({ summary: 'decrypt every object' }),
    sample: integer({
      default: 16,
      min: 1,
      exclusive: ['all'],
      summary: 'objects to decrypt, spread over the snapshot',
    }),
    ...targetFlags,
    ...fromFlag,
    ...identityFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(KeyCheck)
    const config = await configFrom(flags)
    const sample = flags.all ? null : flags.sample
    const options = { target: await wire.target(config), keys: config.keys, sample }
    const result = await checkKeys({ ...options, snapshot: args.snapshot }, this.progress)
    return { result, text: keyCheckText(result), status: statusOf(result) }
  }
}

function statusOf({ identities, missing, extra, log }: KeyCheckReport): ExitStatus {
  if (identities.some(({ opens }) => !opens)) return EXIT.WRONG_IDENTITY
  const others = [...missing, ...extra, ...(log?.missing ?? []), ...(log?.extra ?? [])]
  return others.length > 0 ? EXIT.FINDINGS : EXIT.DONE
}
