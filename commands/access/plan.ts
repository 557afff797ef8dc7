import { accessFlags, accessOptions } from '#cli/access-flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom } from '#cli/flags'
import { accessPlanDocument, accessPlanText } from '#report/access-text'
import { planServerAccess } from '#workflow/access/plan-access'

export default class AccessPlan extends BaseCommand {
  static override summary = 'print every statement that access apply would run, and change nothing'

  static override description =
    'Compares the policy with the catalogue of the server. What is granted comes before what is revoked. Accounts that are not on record are reported, and never changed before they are adopted.'

  static override examples = ['<%= config.bin %> <%= command.id %>']

  static override flags = accessFlags

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(AccessPlan)
    const { engine, options } = await accessOptions(await configFrom(flags), flags)
    const plan = await planServerAccess(engine, options)
    return { result: accessPlanDocument(plan), text: accessPlanText(plan) }
  }
}
