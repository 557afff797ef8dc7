import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { packageRoot } from '#core/paths'

/** A source file of the project, parsed by TypeScript's own parser. */
export interface SourceFile {
  /** From the project's root: "src/core/errors.ts". */
  path: string
  lines: number
  tree: ts.SourceFile
}

/** The TypeScript files below these folders. */
export function readSources(...folders: string[]): SourceFile[] {
  const root = packageRoot()
  return folders
    .flatMap(folder => globSync(`${folder}/**/*.ts`, { cwd: root }))
    .sort()
    .map(path => {
      const text = readFileSync(join(root, path), 'utf8')
      const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
      return { path, lines: text.split('\n').length - 1, tree }
    })
}

/** Every node of the tree, the root first. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node
  const children: ts.Node[] = []
  node.forEachChild(child => {
    children.push(child)
  })
  for (const child of children) yield* nodesOf(child)
}

/** "src/core/errors.ts:12" */
export function placeOf(node: ts.Node, { path, tree }: SourceFile): string {
  return `${path}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}`
}

/** Lines from the node's first character to its last. */
export function linesOf(node: ts.Node, { tree }: SourceFile): number {
  const line = (position: number): number => tree.getLineAndCharacterOfPosition(position).line
  return line(node.getEnd()) - line(node.getStart()) + 1
}
