import { string as argument } from '@oclif/core/args'
import { boolean, string } from '@oclif/core/flags'
import { accessFlags, accessOptions, adoptionOf } from '#cli/access-flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom } from '#cli/flags'
import { EXIT } from '#core/errors'
import { adoptedText } from '#report/access-text'
import { adoptAccount } from '#workflow/access/adopt-account'

export default class AccessAdopt extends BaseCommand {
  static override summary = 'put an account that was there before ecomdb on record'

  static override description =
    'Changes nothing of the account: from now on the policy rules it, so read `access plan` before the next apply.'

  static override examples = [
    "<%= config.bin %> <%= command.id %> 'bob@localhost' --person bob",
    '<%= config.bin %> <%= command.id %> --declared',
  ]

  static override exits = [EXIT.LOCKED]

  static override args = {
    account: argument({ description: 'USER@HOST, or the name of a role', required: false }),
  }

  static override flags = {
    ...accessFlags,
    person: string({ helpValue: 'NAME', summary: 'it is what this person logs in as' }),
    'full-name': string({ helpValue: 'NAME', summary: "the person's name", dependsOn: ['person'] }),
    application: string({ helpValue: 'NAME', summary: 'it is what this program logs in as' }),
    role: boolean({ default: false, summary: 'it is a role' }),
    declared: boolean({ default: false, summary: 'all that the policy names and that wait' }),
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(AccessAdopt)
    const adoption = adoptionOf(args.account, flags)
    const config = await configFrom(flags)
    await this.askOperator(config)
    const { engine, options } = await accessOptions(config, flags)
    const result = await adoptAccount(engine, options, adoption)
    return { result, text: adoptedText(result) }
  }
}
