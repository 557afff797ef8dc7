import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { applyProvision } from '#workflow/provision/apply-provision'

export default class ProvisionApply extends BaseCommand {
  static override summary = "make the shop's schema, or bring an older one up to today's"

  static override examples = ['<%= config.bin %> <%= command.id %>']

  static override flags = { ...serverFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(ProvisionApply)
    const { engine, connect } = await wire.server(await configFrom(flags))
    const result = await applyProvision(engine, { connect }, this.progress)
    return {
      result,
      text: result.statements
        ? `${result.database} is up to date: ${result.statements} statements ran`
        : `nothing to do: ${result.database} is up to date`,
    }
  }
}
