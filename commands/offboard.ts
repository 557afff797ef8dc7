import { string } from '@oclif/core/args'
import { string as text } from '@oclif/core/flags'
import { accountOf } from '#cli/account-flag'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, dryRunFlag, serverFlags, targetFlags } from '#cli/flags'
import { offboardPlace } from '#cli/offboard-wiring'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { offboardText } from '#report/offboard-text'
import { offboard } from '#workflow/access/offboard'

export default class Offboard extends BaseCommand {
  static override summary = 'take a person out, on every server, now and for good'

  static override description =
    'Locks every account of the person, removes the second factor, ends leases, switches off their events, kills their sessions on the primary and on every replica that ecomdb.yaml names until two looks in a row find none, gives their views, routines and triggers to a locked account with the rights that these need and nothing else, drops the accounts, and reserves the name. Events stay off until somebody has looked at them. The receipt is signed, with times, and goes into the repository: `ecomdb restore` leaves the person out. A run that was cut off is run again. Exit status 3: something is left to do or to look at.'

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice --dry-run',
    '<%= config.bin %> <%= command.id %> alice --confirm alice',
    "<%= config.bin %> <%= command.id %> alice --account 'alice@10.0.0.%' --confirm alice",
  ]

  static override exits = [EXIT.FINDINGS, EXIT.LOCKED]

  static override args = {
    person: string({ required: true, description: 'who has left: the handle' }),
  }

  static override flags = {
    confirm: text({ helpValue: 'PERSON', summary: 'the handle again: nothing is changed without' }),
    account: text({
      multiple: true,
      helpValue: 'USER@HOST',
      summary: 'an account that is theirs, and that ecomdb does not answer for yet',
    }),
    server: text({
      multiple: true,
      helpValue: 'NAME',
      summary: 'of the replicas in ecomdb.yaml only these, besides the primary; all by default',
    }),
    definer: text({
      default: 'ecomdb_definer@localhost',
      helpValue: 'USER@HOST',
      summary: 'the locked account that gets their programs; it is made where it is missing',
    }),
    ...dryRunFlag,
    ...serverFlags,
    ...targetFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(Offboard)
    const config = await configFrom(flags)
    await this.askOperator(config, !flags['dry-run'] && flags.confirm === args.person)
    const place = await offboardPlace(config, flags.server ?? [])
    const options = {
      person: args.person,
      accounts: (flags.account ?? []).map(accountOf),
      dryRun: flags['dry-run'],
      confirm: flags.confirm,
      definer: accountOf(flags.definer),
    }
    const result = await offboard(options, place, systemClock, this.progress)
    const { outstanding, review, dryRun, receiptProblem } = result
    const toDo = outstanding.length + review.length + (receiptProblem ? 1 : 0)
    const found = !dryRun && toDo > 0
    return { result, text: offboardText(result), status: found ? EXIT.FINDINGS : EXIT.DONE }
  }
}
