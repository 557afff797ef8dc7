import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags, targetFlags } from '#cli/flags'
import { engineFor, wire } from '#cli/wire'
import { systemClock } from '#core/clock'
import { EXIT } from '#core/errors'
import { doctorText } from '#report/doctor-text'
import { runDoctor } from '#workflow/doctor/run-doctor'

export default class Doctor extends BaseCommand {
  static override summary = 'look for what would stop a backup or a restore, and say what to do'

  static override description =
    'Looks at configuration, server, privileges, clock, target, disks, keys and programs. It changes nothing, and exits 3 when anything needs a look.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ]

  static override onlyExits = [EXIT.FINDINGS]

  static override flags = { ...serverFlags, ...targetFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(Doctor)
    const ports = { ...wire, engineFor, clock: systemClock, config: () => configFrom(flags) }
    const result = await runDoctor(ports, this.progress)
    const status = result.warnings + result.failures > 0 ? EXIT.FINDINGS : EXIT.DONE
    return { result, text: doctorText(result), status }
  }
}
