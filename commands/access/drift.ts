import { accessFlags, accessOptions } from '#cli/access-flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom } from '#cli/flags'
import { EXIT } from '#core/errors'
import { accessDriftDocument, accessDriftText } from '#report/access-text'
import { planServerAccess } from '#workflow/access/plan-access'

export default class AccessDrift extends BaseCommand {
  static override summary = 'who is beyond the policy, and what is short of it'

  static override description =
    'Exits with 3 on any difference: rights that nobody declared, rights that are missing, accounts that the policy does not know. For cron and monitoring; changes nothing.'

  static override examples = ['<%= config.bin %> <%= command.id %>']

  static override exits = [EXIT.FINDINGS]

  static override flags = accessFlags

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(AccessDrift)
    const { engine, options } = await accessOptions(await configFrom(flags), flags)
    const plan = await planServerAccess(engine, options)
    const isClean = plan.changes.length + plan.findings.length === 0
    const status = isClean ? EXIT.DONE : EXIT.FINDINGS
    return { result: accessDriftDocument(plan), text: accessDriftText(plan), status }
  }
}
