import { string } from '@oclif/core/args'
import { accessFlags, accessPlace } from '#cli/access-flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom } from '#cli/flags'
import { whyText } from '#report/access-list-text'
import { explainAccess } from '#workflow/access/explain-access'

export default class Why extends BaseCommand {
  static override summary = 'by which way a person comes to a table or column'

  static override description =
    'Own rights, roles and their roles, mandatory roles, PUBLIC, wildcard databases, and everything that runs with the rights of its definer: views by what they read, also through each other; routines by what their texts name, which says that they may reach it.'

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice orders.price_usd',
    '<%= config.bin %> <%= command.id %> alice shop.chat_messages',
  ]

  static override args = {
    person: string({ required: true, description: 'the handle' }),
    thing: string({ required: true, description: '[schema.]table[.column], or a view' }),
  }

  static override flags = accessFlags

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(Why)
    const place = await accessPlace(await configFrom(flags), flags)
    const result = await explainAccess(args.person, args.thing, place)
    return { result, text: whyText(result) }
  }
}
