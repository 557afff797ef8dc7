import { accessFlags, accessPlace } from '#cli/access-flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom } from '#cli/flags'
import { systemClock } from '#core/clock'
import { accessListText } from '#report/access-list-text'
import { listAccess } from '#workflow/access/list-access'

export default class AccessList extends BaseCommand {
  static override summary = 'the people with access to the data, who could do the most first'

  static override description =
    "For cutting the list down: what each person may do, which of the tables with customers' data they reach, by which roles and until when, and who has not logged in for 90 days. ecomdb sees logins through its broker only; of others it says unknown."

  static override examples = ['<%= config.bin %> <%= command.id %>']

  static override flags = accessFlags

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(AccessList)
    const result = await listAccess(await accessPlace(await configFrom(flags), flags), systemClock)
    return { result, text: accessListText(result) }
  }
}
