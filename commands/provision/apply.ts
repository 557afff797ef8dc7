import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom } from '#cli/flags'
import { provisionFlags, provisionOptions } from '#cli/provision-flags'
import { wire } from '#cli/wire'
import { EXIT } from '#core/errors'
import { appliedDocument, appliedText } from '#report/provision-text'
import { applyProvision } from '#workflow/provision/apply-provision'

export default class ProvisionApply extends BaseCommand {
  static override summary = "make the shop's schema, or bring an older one up to today's"

  static override description =
    'Runs what `provision plan` prints, as an administrator of the server. Stopped anywhere, it goes on from there when it is run again; it refuses on drift.'

  static override examples = ['<%= config.bin %> <%= command.id %>']

  static override exits = [EXIT.FINDINGS, EXIT.LOCKED]

  static override flags = provisionFlags

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(ProvisionApply)
    const config = await configFrom(flags)
    const { engine, connect } = await wire.server(config)
    const options = { connect, ...provisionOptions(config, flags) }
    const result = await applyProvision(engine, options, this.progress)
    return { result: appliedDocument(result), text: appliedText(result) }
  }
}
