import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import { LONGEST } from '#test/longest-first'
import { linesOf, nodesOf, placeOf, readSources, type SourceFile } from '#test/sources'
import layers from '../../src/layers.json' with { type: 'json' }

// What keeps the house habitable (CONTRIBUTING.md). Each test lists what breaks the rule.

const MAX_FUNCTION_LINES = 70
const MAX_FILE_LINES = 400
const MAX_EXECUTE_LINES = 20

const product = readSources('src', 'commands')
const code = [...product, ...readSources('bench', 'harness', 'test/support')]
const tests = readSources('test')

const each = (files: SourceFile[], rule: (file: SourceFile) => string[]): string[] =>
  files.flatMap(rule)

test('the layers are the folders of src, and CONTRIBUTING.md describes each', () => {
  const folders = readdirSync(join(packageRoot(), 'src'), { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => entry.name)
  expect(folders.filter(folder => !(folder in layers))).toEqual([])
  const described = readFileSync(join(packageRoot(), 'CONTRIBUTING.md'), 'utf8')
  expect(Object.keys(layers).filter(layer => !described.includes(`\`src/${layer}/\``))).toEqual([])
})

test('arrows point down only', () => {
  const table: Record<string, string[]> = layers
  const broken = each(readSources('src'), file => {
    const layer = file.path.split('/')[1] ?? ''
    return importsOf(file)
      .map(imported => ({ imported, to: layerOf(imported, file) }))
      .filter(({ to }) => to !== null && to !== layer && !table[layer]?.includes(to))
      .map(({ imported }) => `${file.path} imports ${imported}`)
  })
  expect(broken).toEqual([])
})

test('workflows know engines and targets by their seams', () => {
  const concrete = /^#(engine\/(mysql|mariadb|shared)|target\/(dir|s3|wrap))\//
  const broken = each(readSources('src/workflow', 'src/repository'), file =>
    importsOf(file)
      .filter(imported => concrete.test(imported))
      .map(imported => `${file.path} imports ${imported}`),
  )
  expect(broken).toEqual([])
})

test(`functions have at most ${MAX_FUNCTION_LINES} lines`, () => {
  const long = each(code, file =>
    [...nodesOf(file.tree)]
      .filter(node => ts.isFunctionLike(node) && linesOf(node, file) > MAX_FUNCTION_LINES)
      .map(node => `${placeOf(node, file)}: ${linesOf(node, file)} lines`),
  )
  expect(long).toEqual([])
})

test(`files have at most ${MAX_FILE_LINES} lines`, () => {
  const long = code.filter(file => file.lines > MAX_FILE_LINES)
  expect(long.map(file => `${file.path}: ${file.lines}`)).toEqual([])
})

test('no file is a drawer', () => {
  const drawer = /(^|[-_.])(utils?|helpers?|common|misc)([-_.]|$)/i
  const drawers = [...code, ...tests].filter(file => drawer.test(basename(file.path, '.ts')))
  expect(drawers.map(file => file.path)).toEqual([])
})

test(`a command's execute() has at most ${MAX_EXECUTE_LINES} lines`, () => {
  const long = each(readSources('commands'), file =>
    [...nodesOf(file.tree)]
      .filter(node => ts.isMethodDeclaration(node) && node.name.getText() === 'execute')
      .filter(node => linesOf(node, file) > MAX_EXECUTE_LINES)
      .map(node => `${placeOf(node, file)}: ${linesOf(node, file)} lines`),
  )
  expect(long).toEqual([])
})

test('time comes from the clock of src/core/clock.ts', () => {
  const files = product.filter(file => file.path !== 'src/core/clock.ts')
  const found = each(files, file =>
    [...nodesOf(file.tree)]
      .filter(node => isDateNow(node) || isNewDate(node))
      .map(node => placeOf(node, file)),
  )
  expect(found).toEqual([])
})

test('no test is left out or alone', () => {
  const found = each(tests, file =>
    [...nodesOf(file.tree)].filter(isSkipOrOnly).map(node => placeOf(node, file)),
  )
  expect(found).toEqual([])
})

test('SQL is written in src/engine only', () => {
  const files = product.filter(file => !file.path.startsWith('src/engine/'))
  const found = each(files, file =>
    [...nodesOf(file.tree)]
      .filter(node => isText(node) && looksLikeSql(node.text))
      .map(node => `${placeOf(node, file)}: ${node.getText().slice(0, 60)}`),
  )
  expect(found).toEqual([])
})

test('the folders of the tests mirror those of the sources', () => {
  const strays = ['unit', 'integration'].flatMap(kind =>
    globSync(`test/${kind}/*/**/*.test.ts`, { cwd: packageRoot() })
      .map(path => dirname(relative(`test/${kind}`, path)))
      .filter(
        folder => !['src', 'test', '.'].some(top => existsSync(join(packageRoot(), top, folder))),
      )
      .map(folder => `test/${kind}/${folder}`),
  )
  expect([...new Set(strays)]).toEqual([])
})

test('the test files that are begun first are there', () => {
  expect(LONGEST.filter(name => !existsSync(join(packageRoot(), 'test', name)))).toEqual([])
})

test('every command has a summary', () => {
  const found = readSources('commands').filter(
    file => !/static override summary\b/.test(file.tree.text),
  )
  expect(found.map(file => file.path)).toEqual([])
})

test('packages are loaded where they are used, so that every command starts quickly', () => {
  const files = new Map(product.map(file => [file.path, file]))
  const found = readSources('commands').flatMap(command => {
    const reached = new Set<string>([command.path])
    for (const path of reached) {
      const file = files.get(path)
      if (!file) continue
      for (const imported of loadedAtOnceBy(file)) reached.add(resolveImport(imported, file))
    }
    return [...reached]
      .filter(name => !files.has(name) && !/^(node:|@oclif\/core|src\/)/.test(name))
      .map(name => `${command.path} loads ${name}`)
  })
  expect(found).toEqual([])
})

/** The modules that are loaded with this one: no types, no import(). */
function loadedAtOnceBy({ tree }: SourceFile): string[] {
  return tree.statements.flatMap(statement => {
    const isImport = ts.isImportDeclaration(statement) && !statement.importClause?.isTypeOnly
    const isExport = ts.isExportDeclaration(statement) && !statement.isTypeOnly
    const named = isImport || isExport ? statement.moduleSpecifier : undefined
    return named && ts.isStringLiteral(named) ? [named.text] : []
  })
}

/** "#core/errors" and "./errors.ts" become paths from the root; packages stay. */
function resolveImport(imported: string, file: SourceFile): string {
  if (imported.startsWith('#')) return `src/${imported.slice(1)}.ts`
  return imported.startsWith('.') ? join(dirname(file.path), imported) : imported
}

/** The module names of imports, exports and import() of a file. */
function importsOf({ tree }: SourceFile): string[] {
  return [...nodesOf(tree)].flatMap(node => {
    const named =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : undefined
    return named && ts.isStringLiteral(named) ? [named.text] : []
  })
}

/** The layer of src that an import goes to, or null for packages. */
function layerOf(imported: string, file: SourceFile): string | null {
  if (imported.startsWith('#')) return imported.slice(1).split('/')[0] ?? null
  if (!imported.startsWith('.')) return null
  return join(dirname(file.path), imported).split('/')[1] ?? null
}

function isDateNow(node: ts.Node): boolean {
  return ts.isPropertyAccessExpression(node) && node.getText() === 'Date.now'
}

function isNewDate(node: ts.Node): boolean {
  return ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length
}

/** test.skip, describe.only and the like; test.skipIf(…) says why, and is fine. */
function isSkipOrOnly(node: ts.Node): boolean {
  return (
    ts.isPropertyAccessExpression(node) &&
    ['skip', 'only', 'todo'].includes(node.name.text) &&
    /^(test|it|describe)\b/.test(node.expression.getText())
  )
}

function isText(node: ts.Node): node is ts.StringLiteral | ts.TemplateHead {
  return (
    ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateHead(node)
  )
}

function looksLikeSql(text: string): boolean {
  // "SHOW VIEW" and "LOCK TABLES" are names of privileges.
  if (/^[A-Z]+( [A-Z]+){0,2}$/.test(text)) return false
  return /^\s*(SELECT\s|INSERT\s+(IGNORE\s+)?INTO|REPLACE\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|(CREATE|ALTER|DROP)\s+(OR\s|TABLE|VIEW|USER|ROLE|DATABASE|SCHEMA|INDEX|TRIGGER|PROCEDURE|FUNCTION|EVENT)|GRANT\s|REVOKE\s|SET\s+(GLOBAL|SESSION|@@|PASSWORD)|FLUSH\s|SHOW\s+[A-Z]|LOCK\s+TABLES|LOAD\s+DATA|CALL\s+\S+\(\?)/.test(
    text,
  )
}
