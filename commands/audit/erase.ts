import { boolean, string } from '@oclif/core/flags'
import { anchorFlag, sealerFrom } from '#cli/audit-wiring'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags } from '#cli/flags'
import { systemClock } from '#core/clock'
import { EcomdbError, EXIT } from '#core/errors'
import { eraseText } from '#report/erase-text'
import { eraseFromTrail } from '#workflow/audit/erase-person'

export default class AuditErase extends BaseCommand {
  static override summary = 'erase a person from the audited tables; the trail goes on verifying'

  static override description =
    'Says which rows are the person’s by `erase` of the audit policy, and with --confirm and the same key empties those columns and destroys the salts of all their events of before, so that nobody can find out from a hash what was there. The events and their sealed hashes stay. What was done is signed twice: in a ledger beside the anchors, before anything is changed, from which `ecomdb restore` repeats it when an older backup comes back; and as a control leaf of the next checkpoint. The ledger names a key and a ticket, and nobody. Backups and binary logs of before keep what was in them until they expire.'

  static override examples = [
    '<%= config.bin %> <%= command.id %> --person 17 --reason ticket-4711',
    '<%= config.bin %> <%= command.id %> --person 17 --reason ticket-4711 --confirm 17',
    '<%= config.bin %> <%= command.id %> --replay --confirm replay',
  ]

  static override exits = [EXIT.FINDINGS, EXIT.LOCKED, EXIT.VERIFICATION_FAILED, EXIT.TOOL_FAILED]

  static override flags = {
    person: string({
      helpValue: 'KEY',
      exclusive: ['replay'],
      dependsOn: ['reason'],
      summary: "the key of the person's row (user_id of users)",
    }),
    reason: string({ helpValue: 'TICKET', summary: 'why; no name, for it is kept' }),
    replay: boolean({
      summary: 'repeat what the ledger has and this database has not, as after a restore',
    }),
    confirm: string({
      helpValue: 'KEY',
      summary: "do it: the person's key again, or `replay`; without this it is only said",
    }),
    ...anchorFlag,
    ...serverFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(AuditErase)
    const confirmed = isConfirmed(flags)
    const person = flags.replay ? null : { key: flags.person ?? '', reason: flags.reason ?? '' }
    const config = await configFrom(flags)
    await this.askOperator(config, confirmed)
    const sealer = await sealerFrom(config, flags.anchor)
    const how = { person, confirmed, clock: systemClock }
    const result = await eraseFromTrail({ ...sealer, ...how }, this.progress)
    const status = result.warnings.length > 0 ? EXIT.FINDINGS : EXIT.DONE
    return { result, text: eraseText(result), status }
  }
}

/** @throws EcomdbError USAGE, CONFIRMATION_REQUIRED */
function isConfirmed(flags: {
  person?: string | undefined
  replay: boolean
  confirm?: string | undefined
}): boolean {
  const wanted = flags.replay ? 'replay' : flags.person
  if (!wanted) {
    throw new EcomdbError('USAGE', {
      what: 'nobody is named',
      hints: ['name the person by --person KEY and --reason TICKET, or give --replay'],
    })
  }
  if (flags.confirm === undefined) return false
  if (flags.confirm === wanted) return true
  throw new EcomdbError('CONFIRMATION_REQUIRED', {
    what: `--confirm ${flags.confirm} is not what is erased`,
    why: `it is ${wanted}`,
    hints: [`repeat with --confirm ${wanted}`],
  })
}
