import { string } from '@oclif/core/args'
import { boolean, string as text } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, targetFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { systemClock } from '#core/clock'
import { preparedCopyText } from '#report/copy-text'
import { prepareCopy } from '#workflow/copy/prepare-copy'

export default class TargetPrepare extends BaseCommand {
  static override summary = 'give a disk the marker that makes it a copy of this repository'

  static override description =
    "Writes ecomdb-copy.json with an id and a label, so that the disk is known again, and is told from the empty folder that it leaves behind when it is not mounted. The folder must be there, be empty, and lie on a mounted disk that is not the repository's own. Run again it changes nothing."

  static override examples = [
    '<%= config.bin %> <%= command.id %> /mnt/disk-a/shop --label disk-a',
    '<%= config.bin %> <%= command.id %> ../copies/nas --label nas --same-disk',
  ]

  static override args = {
    folder: string({
      required: true,
      description: 'an empty folder on the disk, or the name of a copy in ecomdb.yaml',
    }),
  }

  static override flags = {
    label: text({ required: true, helpValue: 'NAME', summary: 'what is written on the disk' }),
    'same-disk': boolean({
      summary: "the folder may lie on the system's disk, or on the repository's own",
    }),
    ...targetFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(TargetPrepare)
    const config = await configFrom(flags)
    const source = await wire.target(config)
    const { destination } = await wire.copyPlace(config, args.folder)
    const options = { source, destination, label: flags.label, sameDisk: flags['same-disk'] }
    const result = await prepareCopy({ ...options, clock: systemClock })
    return { result, text: preparedCopyText(result) }
  }
}
