import { boolean } from '@oclif/core/flags'
import { accessFlags, accessOptions } from '#cli/access-flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom } from '#cli/flags'
import { EXIT } from '#core/errors'
import { accessAppliedText, accessPlanDocument } from '#report/access-text'
import { applyAccess } from '#workflow/access/apply-access'

export default class AccessApply extends BaseCommand {
  static override summary = 'make accounts, roles and grants what the policy says'

  static override description =
    'Runs what `access plan` prints, as an administrator of the server, and writes each statement to the operations first. Stopped anywhere, it goes on from there when it is run again. New accounts are locked and have no password yet.'

  static override examples = ['<%= config.bin %> <%= command.id %>']

  static override exits = [EXIT.LOCKED]

  static override flags = {
    ...accessFlags,
    'allow-revokes': boolean({
      default: false,
      summary: 'revoke more than the part that the policy lets pass unasked',
    }),
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(AccessApply)
    const config = await configFrom(flags)
    await this.askOperator(config)
    const { engine, options } = await accessOptions(config, flags)
    const allowRevokes = flags['allow-revokes']
    const applied = await applyAccess(engine, { ...options, allowRevokes }, this.progress)
    const { sessionsEnded } = applied
    const result = { ...accessPlanDocument(applied), sessionsEnded }
    return { result, text: accessAppliedText(applied) }
  }
}
