import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom } from '#cli/flags'
import { provisionFlags, provisionOptions } from '#cli/provision-flags'
import { wire } from '#cli/wire'
import { EXIT } from '#core/errors'
import { planDocument, planText } from '#report/provision-text'
import { planProvision } from '#workflow/provision/plan-provision'

export default class ProvisionPlan extends BaseCommand {
  static override summary = 'print every statement that apply would run, and change nothing'

  static override description =
    'Exits with 3 when something is in the way: drift, an unknown part of an older schema, or rows that could not be kept.'

  static override examples = ['<%= config.bin %> <%= command.id %>']

  static override exits = [EXIT.FINDINGS]

  static override flags = provisionFlags

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(ProvisionPlan)
    const config = await configFrom(flags)
    const { engine, connect } = await wire.server(config)
    const plan = await planProvision(engine, { connect, ...provisionOptions(config, flags) })
    const status = plan.findings.length > 0 ? EXIT.FINDINGS : EXIT.DONE
    return { result: planDocument(plan), text: planText(plan), status }
  }
}
