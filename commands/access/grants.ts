import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { grantsText } from '#report/grants-text'
import { listGrants } from '#workflow/access/list-grants'

export default class AccessGrants extends BaseCommand {
  static override summary = 'the grants that are open: who holds which role until when'

  static override description =
    'Those that end first, first. Exit status 3 when the time of one is over by five minutes and more, and nothing has ended it, for then `ecomdb access expire` does not run; or when one is open that nobody approved (break-glass). Changes nothing.'

  static override examples = ['<%= config.bin %> <%= command.id %>']

  static override exits = [EXIT.FINDINGS]

  static override flags = serverFlags

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(AccessGrants)
    const result = await listGrants(await wire.server(await configFrom(flags)), systemClock)
    const status = result.overdue + result.breakGlass > 0 ? EXIT.FINDINGS : EXIT.DONE
    return { result, text: grantsText(result), status }
  }
}
