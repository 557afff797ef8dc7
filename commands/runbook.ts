import { string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, policyFrom, targetFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { checkOutput, writeOutput } from '#cli/write-output'
import { systemClock } from '#core/clock'
import { runbookMarkdown } from '#report/runbook'
import { gatherRunbook } from '#workflow/runbook/gather-runbook'

export default class Runbook extends BaseCommand {
  static override summary = 'write the page to follow when everything is gone'

  static override description =
    'For this shop: what to install, where the copies are, which keys open them, the exact commands and the figures to expect. It has public keys only. Print it, and keep it with the escrow key and on each disk; write it anew when a key, a copy or a server changes.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --out RUNBOOK.md',
  ]

  static override flags = {
    out: string({ helpValue: 'FILE', summary: 'write it there (default: print it)' }),
    ...targetFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(Runbook)
    await checkOutput(flags.out, '--out')
    const config = await configFrom(flags)
    const policy = await policyFrom(config)
    const target = await wire.target(config)
    const facts = await gatherRunbook({ target, config, policy, clock: systemClock })
    const page = runbookMarkdown(facts)
    if (!flags.out) return { result: { page }, text: page }
    const file = await writeOutput(flags.out, page, '--out')
    return { result: { file, page }, text: file }
  }
}
