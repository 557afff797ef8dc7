import { string } from '@oclif/core/args'
import { string as text } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFlags, configFrom, dryRunFlag } from '#cli/flags'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { keyRotationText } from '#report/key-text'
import { rotateKey } from '#workflow/key/rotate-key'

const KINDS = ['operations', 'escrow', 'signing', 'audit'] as const

export default class KeyRotate extends BaseCommand {
  static override summary = 'make a new key, and use it from the next backup on'

  static override description =
    'Writes a new private key to a file of its own, and its public half into ecomdb.yaml. Nothing that is stored is changed: the next snapshot is encrypted to the new recipients and stores everything anew; old snapshots open with the old identities, and verify by the old signer, which stays trusted. The audit key signs the checkpoints of the audit trail; the first rotation makes it. No key is ever overwritten.'

  static override examples = [
    '<%= config.bin %> <%= command.id %> operations --dry-run',
    '<%= config.bin %> <%= command.id %> signing',
  ]

  static override exits = [EXIT.TOOL_FAILED]

  static override args = {
    key: string({ required: true, options: [...KINDS], description: 'which key' }),
  }

  static override flags = {
    replace: text({
      helpValue: 'RECIPIENT',
      summary: 'the public key that goes, where ecomdb.yaml has others than two',
    }),
    ...dryRunFlag,
    ...configFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(KeyRotate)
    const config = await configFrom(flags)
    await this.askOperator(config, !flags['dry-run'])
    const kind = KINDS.find(one => one === args.key) ?? 'operations'
    const replace = flags.replace ?? null
    const options = { config, kind, replace, dryRun: flags['dry-run'], clock: systemClock }
    const result = await rotateKey(options)
    return { result, text: keyRotationText(result) }
  }
}
