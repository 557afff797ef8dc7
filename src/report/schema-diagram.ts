import {
  type Cardinality,
  type ColumnDescription,
  cardinalityOf,
  type ForeignKeyDescription,
  type SchemaDescription,
  type TableDescription,
  type ViewDescription,
} from '#domain/schema/schema-description'

const INK = '#1a1a1a'
const SOFT_INK = '#4a4a4a'
const HEAD = '#dbe7f3'
const VIEW_HEAD = '#ece8f5'
const LINE = '#7a8794'
/** Graphviz has this font's metrics built in. */
export const DIAGRAM_FONT = 'Courier New'
/** Graphviz sets a line with bold text a little higher: so every line of a row has some. */
const LEVEL = '<B> </B>'
const LONGEST_TYPE = 40

/**
 * The EER diagram of a schema in the DOT language (graphviz.org, "DOT Language", "Node
 * Shapes: HTML-Like Labels", "Arrow Shapes"): a box per table, crow's feet on the foreign
 * keys, views in a dashed group with what they read. The same schema gives the same text.
 */
export function schemaToDot(schema: SchemaDescription): string {
  return [
    'digraph schema {',
    `  graph [rankdir=LR, nodesep=0.35, ranksep=1.1, pad=0.3, fontname="${DIAGRAM_FONT}", fontsize=13, fontcolor="${INK}", labelloc=t, labeljust=l, bgcolor=white, label=<${heading(schema)}>]`,
    `  node [shape=plain, fontname="${DIAGRAM_FONT}", fontsize=11, fontcolor="${INK}"]`,
    `  edge [color="${LINE}", fontname="${DIAGRAM_FONT}", fontsize=9, fontcolor="${SOFT_INK}", arrowsize=0.9]`,
    '',
    ...schema.tables
      .filter(table => !isOwn(schema, table))
      .map(table => `  ${quoted(table.name)} [label=<${tableLabel(table)}>]`),
    ...outsiders(schema),
    ...ownGroup(schema),
    '',
    ...schema.tables.flatMap(table =>
      table.foreignKeys.map(key => `  ${foreignKeyEdge(schema, table, key)}`),
    ),
    ...viewGroup(schema),
    '}',
    '',
  ].join('\n')
}

/** The title, and what the marks mean. */
function heading(schema: SchemaDescription): string {
  const counts = [
    `${schema.tables.length} ${schema.tables.length === 1 ? 'table' : 'tables'}`,
    ...(schema.views.length
      ? [`${schema.views.length} ${schema.views.length === 1 ? 'view' : 'views'}`]
      : []),
  ]
  const lines = [
    'PK primary key, FK foreign key, U unique, U* unique with others, I leads an index, G generated',
    'bold: never null; two bars: exactly one; bar and ring: none or one; ring and foot: none or many',
    ...(schema.views.length ? ['dashed arrow: the view reads the table'] : []),
  ]
  const soft = [`${schema.flavor}, ${counts.join(', ')}`, ...lines]
    .map(line => `${escaped(line)}<BR ALIGN="LEFT"/>`)
    .join('')
  return `<B>${escaped(schema.name)}</B><BR ALIGN="LEFT"/><FONT POINT-SIZE="9" COLOR="${SOFT_INK}">${soft}</FONT>`
}

/** ecomdb's bookkeeping, such as ecomdb_migration: shown by name, so that the shop is seen. */
function isOwn(schema: SchemaDescription, table: TableDescription): boolean {
  const linked = schema.tables.some(other =>
    other.foreignKeys.some(key => other === table || key.referencedTable === table.name),
  )
  return table.name.startsWith('ecomdb_') && !linked
}

function ownGroup(schema: SchemaDescription): string[] {
  const own = schema.tables.filter(table => isOwn(schema, table))
  if (own.length === 0) return []
  return [
    '  subgraph cluster_own {',
    `    graph [label="ecomdb's own, without columns", style="dashed,rounded", color="${LINE}", fontsize=9, margin=10]`,
    ...own.map(({ name }) => `    ${quoted(name)} [label=<${boxOf(name, HEAD, 'solid', [])}>]`),
    '  }',
  ]
}

function tableLabel(table: TableDescription): string {
  const rows = table.columns.map((column, at) => {
    const name = column.nullable ? escaped(column.name) : `<B>${escaped(column.name)}</B>`
    return columnRow(at, marksOf(table, column), name, column)
  })
  return boxOf(table.name, HEAD, 'solid', rows)
}

function viewLabel(view: ViewDescription): string {
  const rows = view.columns.map((column, at) => columnRow(at, '', escaped(column.name), column))
  return boxOf(view.name, VIEW_HEAD, 'dashed', rows)
}

function boxOf(name: string, fill: string, style: string, rows: readonly string[]): string {
  return [
    `<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="4" COLOR="${LINE}" STYLE="${style}" BGCOLOR="white">`,
    `<TR><TD COLSPAN="3" BGCOLOR="${fill}" ALIGN="LEFT" PORT="head"><B>${escaped(name)}</B></TD></TR>`,
    ...(rows.length > 0 ? ['<HR/>', ...rows] : []),
    '</TABLE>',
  ].join('')
}

function columnRow(at: number, marks: string, name: string, column: ColumnDescription): string {
  const soft = (text: string): string =>
    `<FONT POINT-SIZE="9" COLOR="${SOFT_INK}">${text}${LEVEL}</FONT>`
  const type = escaped(shortened(column.type)) + (column.nullable ? ' null' : '')
  return [
    `<TR><TD ALIGN="LEFT" PORT="w${at}">${soft(marks)}</TD>`,
    `<TD ALIGN="LEFT">${name}${LEVEL}</TD>`,
    `<TD ALIGN="LEFT" PORT="e${at}">${soft(type)}</TD></TR>`,
  ].join('')
}

/** PK, FK, U (the column alone is unique), U* (with others), I (leads an index). */
function marksOf(table: TableDescription, column: ColumnDescription): string {
  const isIn = (columns: readonly (string | null)[]): boolean => columns.includes(column.name)
  const secondary = table.indexes.filter(index => !index.primary)
  const unique = secondary.filter(index => index.unique && isIn(index.columns))
  const marks = [
    ...(table.indexes.some(index => index.primary && isIn(index.columns)) ? ['PK'] : []),
    ...(table.foreignKeys.some(key => isIn(key.columns)) ? ['FK'] : []),
    ...(unique.some(index => index.columns.length === 1) ? ['U'] : unique.length ? ['U*'] : []),
    ...(secondary.some(index => !index.unique && index.columns[0] === column.name) ? ['I'] : []),
    ...(column.generated ? ['G'] : []),
  ]
  return marks.join(' ')
}

/** A foreign key's or a view's table in another database: a box with its name only. */
function outsiders(schema: SchemaDescription): string[] {
  const referenced = schema.tables.flatMap(table =>
    table.foreignKeys.map(key => ({ schema: key.referencedSchema, name: key.referencedTable })),
  )
  const read = schema.views.flatMap(view => view.reads ?? [])
  const nodes = [...referenced, ...read]
    .filter(other => !isDrawn(schema, other.schema, other.name))
    .map(other => nodeOf(schema, other.schema, other.name))
  return [...new Set(nodes)].map(
    node => `  ${node} [shape=box, style=dashed, color="${LINE}", margin="0.1,0.05"]`,
  )
}

function isDrawn(schema: SchemaDescription, database: string, name: string): boolean {
  return (
    database === schema.name && [...schema.tables, ...schema.views].some(one => one.name === name)
  )
}

function nodeOf(schema: SchemaDescription, database: string, name: string): string {
  return quoted(isDrawn(schema, database, name) ? name : `${database}.${name}`)
}

function foreignKeyEdge(
  schema: SchemaDescription,
  table: TableDescription,
  key: ForeignKeyDescription,
): string {
  const { referenced, referencing } = cardinalityOf(table, key)
  const from = referencedEnd(schema, key, referenced)
  const to = `${quoted(table.name)}:w${columnAt(table, key.columns[0])}:w`
  const rule = key.onDelete === 'RESTRICT' || key.onDelete === 'NO ACTION' ? '' : key.onDelete
  const attributes = [
    'dir=both',
    // The shape nearest to the node comes first.
    `arrowtail=${referenced === 'one' ? 'noneteetee' : 'noneteeodot'}`,
    `arrowhead=${referencing === 'zero-or-one' ? 'noneteeodot' : 'crowodot'}`,
    ...(rule ? [`label=${quoted(` on delete ${rule.toLowerCase()} `)}`] : []),
    `tooltip=${quoted(`${key.name}: ${table.name} (${key.columns.join(', ')}) refers to ${key.referencedTable} (${key.referencedColumns.join(', ')})`)}`,
  ]
  return `${from} -> ${to} [${attributes.join(', ')}]`
}

/**
 * At the column that is referred to; a "none or one" at the table's head instead, so that
 * its bar and ring do not lie on the two bars of another key.
 */
function referencedEnd(
  schema: SchemaDescription,
  key: ForeignKeyDescription,
  referenced: Cardinality['referenced'],
): string {
  const node = nodeOf(schema, key.referencedSchema, key.referencedTable)
  const table = schema.tables.find(one => one.name === key.referencedTable)
  if (key.referencedSchema !== schema.name || !table) return node
  if (referenced === 'zero-or-one') return `${node}:head:e`
  return `${node}:e${columnAt(table, key.referencedColumns[0])}:e`
}

function columnAt(table: TableDescription, name: string | undefined): number {
  return Math.max(
    0,
    table.columns.findIndex(column => column.name === name),
  )
}

function viewGroup(schema: SchemaDescription): string[] {
  if (schema.views.length === 0) return []
  const edges = schema.views.flatMap(view =>
    (view.reads ?? []).map(({ schema: database, name }) => {
      const from = isDrawn(schema, database, name)
        ? `${quoted(name)}:e`
        : nodeOf(schema, database, name)
      return `  ${from} -> ${quoted(view.name)}:head:w [style=dashed, arrowhead=open, arrowsize=0.7, tooltip=${quoted(`${view.name} reads ${name}`)}]`
    }),
  )
  return [
    '',
    '  subgraph cluster_views {',
    `    graph [label="views", style="dashed,rounded", color="${LINE}", fontsize=11, margin=14]`,
    ...schema.views.map(view => `    ${quoted(view.name)} [label=<${viewLabel(view)}>]`),
    '  }',
    ...edges,
    '',
  ]
}

function shortened(type: string): string {
  return type.length > LONGEST_TYPE ? `${type.slice(0, LONGEST_TYPE - 1)}…` : type
}

/** A DOT string: the lexer knows \" and \\ only. */
function quoted(text: string): string {
  return `"${visible(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/** Text in an HTML-like label, which is read as XML. */
function escaped(text: string): string {
  return visible(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** XML knows no control characters: shown as Unicode's control pictures. */
function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, character => {
    const code = character.charCodeAt(0)
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return code === 0x7f ? '\u2421' : '\ufffd'
  })
}
