import { option } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags } from '#cli/flags'
import { outFlag } from '#cli/report-output'
import { wire } from '#cli/wire'
import { writeOutput } from '#cli/write-output'
import { DIAGRAM_FORMATS, diagramFormat, drawSchema, schemaSummary } from '#report/draw-schema'
import { observeSchema } from '#workflow/schema/observe-schema'

export default class SchemaDiagram extends BaseCommand {
  static override summary = 'draw the live schema as an EER diagram'

  static override description =
    "Tables with their columns, types, keys and indexes, foreign keys with crow's feet, and views with what they read, as the account sees them."

  static override examples = [
    '<%= config.bin %> <%= command.id %> --out schema.svg',
    '<%= config.bin %> <%= command.id %> --format dot',
  ]

  static override flags = {
    format: option({
      options: DIAGRAM_FORMATS,
      summary: 'a picture, or the text that Graphviz draws; by default as --out ends, else svg',
    })(),
    ...outFlag,
    ...serverFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(SchemaDiagram)
    const format = diagramFormat(flags.format, flags.out)
    const config = await configFrom(flags)
    const schema = await observeSchema(await wire.server(config), config.server.database)
    const diagram = await drawSchema(schema, format)
    const summary = { ...schemaSummary(schema), format }
    if (flags.out === undefined) return { result: { ...summary, diagram }, text: diagram }
    const file = await writeOutput(flags.out, diagram, '--out')
    const text = `wrote ${file}: ${summary.tables} tables, ${summary.views} views`
    return { result: { ...summary, file }, text }
  }
}
