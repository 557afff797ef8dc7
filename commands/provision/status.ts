import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom } from '#cli/flags'
import { provisionFlags, provisionOptions } from '#cli/provision-flags'
import { wire } from '#cli/wire'
import { EXIT } from '#core/errors'
import { planDocument, statusText } from '#report/provision-text'
import { planProvision } from '#workflow/provision/plan-provision'

export default class ProvisionStatus extends BaseCommand {
  static override summary =
    'which migrations ran here, at which stage an older schema is, and drift'

  static override description =
    'Compares the live schema with what the migrations made, object by object, and exits with 3 on a difference.'

  static override examples = ['<%= config.bin %> <%= command.id %>']

  static override exits = [EXIT.FINDINGS]

  static override flags = provisionFlags

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(ProvisionStatus)
    const config = await configFrom(flags)
    const { engine, connect } = await wire.server(config)
    const plan = await planProvision(engine, { connect, ...provisionOptions(config, flags) })
    const status = plan.findings.length > 0 ? EXIT.FINDINGS : EXIT.DONE
    return { result: planDocument(plan), text: statusText(plan), status }
  }
}
