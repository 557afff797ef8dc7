import { extname } from 'node:path'
import { EcomdbError } from '#core/errors'
import type { SchemaDescription } from '#domain/schema/schema-description'
import { DIAGRAM_FONT, schemaToDot } from './schema-diagram.ts'

export const DIAGRAM_FORMATS = ['svg', 'dot'] as const
export type DiagramFormat = (typeof DIAGRAM_FORMATS)[number]

/** Fonts that are as wide (0.6 em), so that text stays inside its box on any machine. */
const FONT_FAMILY = 'Courier New,Liberation Mono,DejaVu Sans Mono,Menlo,monospace'

/**
 * As asked for; else as the file's name ends; else a picture.
 *
 * @throws EcomdbError USAGE when the name ends as another kind of file
 */
export function diagramFormat(
  asked: DiagramFormat | undefined,
  file: string | undefined,
): DiagramFormat {
  const known = /\.(svg|dot|gv)$/i
  if (asked === undefined && file !== undefined && !known.test(file) && extname(file) !== '') {
    throw new EcomdbError('USAGE', {
      what: `cannot draw the schema as ${extname(file)}`,
      why: 'the diagram is SVG, or DOT for Graphviz',
      hints: ['name the file with .svg or .dot at its end, or give --format'],
    })
  }
  return asked ?? (file && /\.(dot|gv)$/i.test(file) ? 'dot' : 'svg')
}

/** What there is in the diagram: for messages and the JSON document. */
export function schemaSummary(schema: SchemaDescription): {
  database: string
  flavor: string
  tables: number
  views: number
  foreignKeys: number
} {
  return {
    database: schema.name,
    flavor: schema.flavor,
    tables: schema.tables.length,
    views: schema.views.length,
    foreignKeys: schema.tables.reduce((sum, table) => sum + table.foreignKeys.length, 0),
  }
}

export async function drawSchema(
  schema: SchemaDescription,
  format: DiagramFormat,
): Promise<string> {
  const dot = schemaToDot(schema)
  return format === 'dot' ? dot : await dotToSvg(dot)
}

/** DOT drawn as SVG by Graphviz in WebAssembly: no program, no browser. */
async function dotToSvg(dot: string): Promise<string> {
  const { instance } = await import('@viz-js/viz')
  const viz = await instance()
  const drawn = viz.render(dot, { format: 'svg', engine: 'dot' })
  // A label that Graphviz cannot read is left out of the picture with an error.
  const errors = drawn.errors.filter(problem => problem.level !== 'warning')
  if (drawn.status !== 'success' || errors.length > 0) {
    throw new Error(`Graphviz: ${drawn.errors.map(problem => problem.message).join('; ')}`)
  }
  return drawn.output.replaceAll(`font-family="${DIAGRAM_FONT}"`, `font-family="${FONT_FAMILY}"`)
}
