import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLMap,
  type YAMLParseError,
} from 'yaml'
import { z } from 'zod'
import { closest } from '#core/closest'
import { EcomdbError } from '#core/errors'
import { type ConfigFile, configSchema } from './schema.ts'

/**
 * Reads the text of an ecomdb.yaml.
 *
 * @param file for messages
 * @throws EcomdbError CONFIG_INVALID with every mistake as "file:line:column: key: what was
 *   expected"
 */
export function parseConfig(text: string, file: string): ConfigFile {
  return parseYaml(text, file, configSchema, contradictions)
}

/**
 * Reads a YAML file by a schema.
 *
 * @param more mistakes that the schema alone cannot see
 * @throws EcomdbError CONFIG_INVALID as parseConfig
 */
export function parseYaml<Value>(
  text: string,
  file: string,
  schema: z.ZodType<Value>,
  more: (document: Document) => Mistake[] = () => [],
): Value {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const refuse = (mistakes: readonly Mistake[]): EcomdbError =>
    invalid(
      file,
      mistakes
        .toSorted((a, b) => a.offset - b.offset)
        .map(({ offset, message }) => {
          const { line, col } = lines.linePos(offset)
          return `${file}:${line}:${col}: ${message}`
        }),
    )
  const broken = [...document.errors.map(syntaxMistake), ...aliasesIn(document)]
  if (broken.length > 0) throw refuse(broken)
  const parsed = schema.safeParse(document.toJS() ?? {})
  const mistakes = [
    ...(parsed.error?.issues ?? []).flatMap(issue => explain(issue, document, schema)),
    ...more(document),
  ]
  if (!parsed.success || mistakes.length > 0) throw refuse(mistakes)
  return parsed.data
}

/** Where in the text, in characters, and what. */
export interface Mistake {
  offset: number
  message: string
}

function syntaxMistake(error: YAMLParseError): Mistake {
  return { offset: error.pos[0], message: `not valid YAML: ${error.message}` }
}

/** An alias may be unresolved, circular, or a bomb, and ten keys need none. */
function aliasesIn(document: Document): Mistake[] {
  const found: Mistake[] = []
  visit(document, {
    Alias: (_key, alias) => {
      const message = `*${alias.source}: aliases are not understood here; write the value out`
      found.push({ offset: offsetOf(alias), message })
    },
  })
  return found
}

function invalid(file: string, mistakes: readonly string[]): EcomdbError {
  return new EcomdbError('CONFIG_INVALID', {
    what: `${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`} in ${file}`,
    why: mistakes.join('\n'),
    hints: ['correct the lines named above; the schemas in policies/ list every key'],
  })
}

function explain(issue: z.core.$ZodIssue, document: Document, schema: z.ZodType): Mistake[] {
  const path = issue.path.map(part => (typeof part === 'symbol' ? String(part) : part))
  const key = path.join('.') || 'the file'
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(unknown => unknownKey([...path, unknown], document, schema))
  }
  const node = path.length ? document.getIn(path, true) : document.contents
  const message = `${key}: expected ${expectation(issue)}, got ${shown(node)}`
  return [{ offset: offsetOf(node), message }]
}

function unknownKey(path: (string | number)[], document: Document, schema: z.ZodType): Mistake {
  const name = String(path.at(-1))
  const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents
  const offset = offsetOf(isMap(parent) ? keyNode(parent, name) : undefined)
  const key = path.join('.')
  if (name === 'password') {
    const advice =
      'a password does not belong here; put it into a file of mode 0600 and name that in password_file, or use ECOMDB_PASSWORD'
    return { offset, message: `${key}: ${advice}` }
  }
  const known = knownKeys(path.slice(0, -1), schema)
  const meant = closest(name, known)
  const advice = meant ? `did you mean "${meant}"?` : `expected one of ${known.join(', ')}`
  return { offset, message: `${key}: unknown key; ${advice}` }
}

export function offsetOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0
}

function keyNode(map: YAMLMap, name: string): Node | undefined {
  const pair = map.items.find(item => isScalar(item.key) && String(item.key.value) === name)
  return isNode(pair?.key) ? pair.key : undefined
}

/** The keys that the schema knows under a path. */
function knownKeys(path: readonly (string | number)[], schema: z.ZodType): string[] {
  let level: unknown = schema
  for (const part of path) {
    const shape = shapeOf(level)
    // A number is a place in a list, whose entries shapeOf has stepped into already.
    if (typeof part === 'string') level = entriesOf(level) ?? shape[part]
  }
  return Object.keys(shapeOf(level))
}

/** What the values of a schema with free keys look like; null for one with known keys. */
function entriesOf(schema: unknown): unknown {
  const inner = schema instanceof z.ZodOptional ? schema.unwrap() : schema
  return inner instanceof z.ZodRecord ? inner.valueType : null
}

/** The members of a schema, or of the entries of a list, optional or not. */
function shapeOf(schema: unknown): Record<string, unknown> {
  let inner = schema
  if (inner instanceof z.ZodOptional || inner instanceof z.ZodNullable) inner = inner.unwrap()
  if (inner instanceof z.ZodArray) inner = inner.element
  return inner instanceof z.ZodObject ? inner.shape : {}
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return (
        {
          string: 'text',
          int: 'a whole number',
          number: 'a number',
          boolean: 'true or false',
          object: 'keys with values',
          array: 'a list',
        }[issue.expected as string] ?? issue.expected
      )
    case 'invalid_value':
      return `one of ${issue.values.join(', ')}`
    case 'too_small':
      return issue.origin === 'string' ? 'text that is not empty' : `${issue.minimum} or more`
    case 'too_big':
      return issue.origin === 'string'
        ? `at most ${issue.maximum} characters`
        : `${issue.maximum} or less`
    case 'invalid_key':
      return `another name: ${issue.issues[0]?.message ?? issue.message}`
    case 'invalid_format':
      return issue.message.startsWith('Invalid') ? 'an age public key (age1…)' : issue.message
    default:
      return issue.message
  }
}

function shown(node: unknown): string {
  if (isScalar(node)) return node.value === null ? 'nothing' : JSON.stringify(node.value)
  if (isMap(node)) return 'keys with values'
  return isNode(node) ? 'a list' : 'nothing'
}

/** What the schema alone cannot say. */
function contradictions(document: Document): Mistake[] {
  return [
    ...together(document, 'server', 'socket', ['host', 'port'], 'either socket, or host and port'),
    ...together(document, 'target', 'directory', ['s3'], 'either directory, or s3'),
    ...copiesWithoutOnePlace(document),
    ...copiesOfOneName(document),
  ]
}

/** A copy is found by its name: the second one would never be copied to, and nobody would be told. */
function copiesOfOneName(document: Document): Mistake[] {
  const copies = document.getIn(['copies'], true)
  if (!isSeq(copies)) return []
  const names = copies.items.map(copy => (isMap(copy) ? copy.get('name', true) : undefined))
  const written = names.map(name => (isScalar(name) ? name.value : undefined))
  return names.flatMap((name, at) => {
    const first = written.indexOf(written[at])
    const message = `copies.${at}.name: expected a name of its own, got that of copies.${first}`
    return name && first < at ? [{ offset: offsetOf(name), message }] : []
  })
}

function copiesWithoutOnePlace(document: Document): Mistake[] {
  const copies = document.getIn(['copies'], true)
  if (!isSeq(copies)) return []
  return copies.items.flatMap((copy, at) => {
    if (!isMap(copy)) return []
    const places = ['directory', 's3'].filter(key => keyNode(copy, key))
    const got = places.length === 0 ? 'neither' : 'both'
    const message = `copies.${at}: expected either directory, or s3, got ${got}`
    return places.length === 1 ? [] : [{ offset: offsetOf(copy), message }]
  })
}

function together(
  document: Document,
  section: string,
  one: string,
  others: readonly string[],
  expected: string,
): Mistake[] {
  const map = document.getIn([section], true)
  if (!isMap(map) || !keyNode(map, one)) return []
  return others.flatMap(key => {
    const node = keyNode(map, key)
    const message = `${section}.${key}: expected ${expected}, got both`
    return node ? [{ offset: offsetOf(node), message }] : []
  })
}
