import { quoteIdentifier } from '../../quote.ts'

interface Named {
  schema: string
  name: string
}

/**
 * Views after the views that they use. information_schema writes a view's text with every
 * table as `schema`.`name`, whatever the current database is, so that text tells. Views
 * that use each other in a circle (the server allows it by replacing one later) keep the
 * order that they came in.
 *
 * @param definitionOf VIEW_DEFINITION
 */
export function inOrderOfUse<View extends Named>(
  views: readonly View[],
  definitionOf: (view: View) => string,
): View[] {
  const ordered = new Set<View>()
  const visiting = new Set<View>()
  const visit = (view: View): void => {
    if (ordered.has(view) || visiting.has(view)) return
    visiting.add(view)
    const text = definitionOf(view)
    for (const other of views) if (other !== view && text.includes(qualified(other))) visit(other)
    visiting.delete(view)
    ordered.add(view)
  }
  for (const view of views) visit(view)
  return [...ordered]
}

function qualified({ schema, name }: Named): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}
