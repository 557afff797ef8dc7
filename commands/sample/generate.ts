import { boolean, integer, string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { EXIT } from '#core/errors'
import { sampleSize } from '#domain/sample/size'
import { renderSample } from '#report/sample-text'
import { generateSample } from '#workflow/generate-sample'

const count = (what: string) =>
  integer({ min: 0, summary: `how many ${what}, instead of the scale's` })

export default class SampleGenerate extends BaseCommand {
  static override summary =
    "write CSV files of the shop's shape: any size, the same for the same seed"

  static override description =
    'Products, sessions, pageviews, order items, refunds, users, support members and chats that refer to each other, in the order of time. Scale 1 is what the benchmarks use: 1,000,000 sessions, 2,500,000 pageviews, 100,000 items and 1,000,000 chat messages.'

  static override examples = [
    '<%= config.bin %> sample generate --out sample --scale 0.01',
    '<%= config.bin %> sample generate --out sample --sessions 1000 --pageviews 3000 --items 200 --messages 500',
  ]

  static override exits = [EXIT.TOOL_FAILED]

  static override flags = {
    out: string({ required: true, summary: 'the folder to write into; it is made' }),
    scale: string({ default: '0.01', summary: 'size: 1 is 4.6 million rows' }),
    sessions: count('sessions'),
    pageviews: count('pageviews'),
    items: count('order items'),
    messages: count('chat messages'),
    seed: integer({ default: 1, min: 0, summary: 'another seed, another shop' }),
    overwrite: boolean({ summary: 'replace the files of an earlier run' }),
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(SampleGenerate)
    const size = sampleSize(flags.scale, flags)
    const { out: folder, seed, overwrite } = flags
    const files = await generateSample({ folder, size, seed, overwrite }, this.progress)
    return { result: { seed, size, files }, text: renderSample(files) }
  }
}
