import { string } from '@oclif/core/args'
import { string as text } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFlags, configFrom, dryRunFlag } from '#cli/flags'
import { wire } from '#cli/wire'
import { placeOf } from '#config/target-location'
import { EXIT } from '#core/errors'
import { addedTargetText } from '#report/target-text'
import { addTarget } from '#workflow/target/add-target'

export default class TargetAdd extends BaseCommand {
  static override summary = 'write a folder or a bucket into ecomdb.yaml'

  static override description =
    'Without a name it becomes the target, where there is none; with --name a copy. Comments and everything else in the file stay as they are. The place is looked at first, and is not changed: `ecomdb init` makes a repository in it.'

  static override examples = [
    "<%= config.bin %> <%= command.id %> 's3://shop-backups/shop?endpoint=https://s3.example.org&lock_mode=compliance&lock_days=30'",
    '<%= config.bin %> <%= command.id %> /mnt/usb-1/shop --name usb-1 --dry-run',
  ]

  static override exits = [EXIT.NO_REPOSITORY, EXIT.AUTHENTICATION_REFUSED, EXIT.TOOL_FAILED]

  static override args = {
    place: string({ required: true, description: 'a folder, or s3://bucket/prefix?key=value…' }),
  }

  static override flags = {
    name: text({ helpValue: 'NAME', summary: 'make it a copy of this name' }),
    ...dryRunFlag,
    ...configFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(TargetAdd)
    const { file } = await configFrom(flags)
    const place = await placeOf(args.place)
    const target = await wire.openTarget(place)
    const { name = null, 'dry-run': dryRun } = flags
    const result = await addTarget({ configFile: file, place, target, name, dryRun })
    return { result, text: addedTargetText(result) }
  }
}
