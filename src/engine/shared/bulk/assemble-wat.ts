/**
 * Assembles the part of WebAssembly's text format in which row-machine.ts is written: one memory,
 * globals, one function, folded instructions. So the machine is read, reviewed and changed as
 * text, and no compiler is needed to build ecomdb. `wat2wasm` takes the same text.
 *
 * Source: WebAssembly Core Specification 2.0, chapters 5 (binary format) and 6 (text format).
 *
 * @throws SyntaxError for anything that it does not know
 */
export function assembleWat(text: string): Uint8Array<ArrayBuffer> {
  const [module] = parse(text)
  if (!Array.isArray(module) || module[0] !== 'module') throw new SyntaxError('no (module …)')
  const fields = module.slice(1).map(list)
  const named = (kind: string): Field[] => fields.filter(([head]) => head === kind)
  const globals = named('global')
  const [memory, func] = [one(named('memory')), one(named('func'))]
  const [type, body] = assembleFunction(func, globals.map(nameOf))
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [type]),
    ...section(3, [unsigned(0)]),
    ...section(5, [[0x01, ...unsigned(word(memory, 3)), ...unsigned(word(memory, 3))]]),
    ...section(6, globals.map(assembleGlobal)),
    ...section(7, [
      exported(memory, 0x02, 0),
      exported(func, 0x00, 0),
      ...globals.map((global, at) => exported(global, 0x03, at)),
    ]),
    ...section(10, [[...unsigned(body.length), ...body]]),
  ])
}

type Node = string | Node[]
type Field = Node[]

function parse(text: string): Node[] {
  const tokens = text.replace(/;;.*$/gm, '').match(/[()]|[^\s()]+/g) ?? []
  const open: Node[][] = [[]]
  for (const token of tokens) {
    if (token === '(') open.push([])
    else if (token === ')') {
      const closed = open.pop()
      if (!closed || open.length === 0) throw new SyntaxError('too many )')
      open.at(-1)?.push(closed)
    } else open.at(-1)?.push(token)
  }
  if (open.length !== 1) throw new SyntaxError('too few )')
  return open[0] ?? []
}

function list(node: Node | undefined): Field {
  if (Array.isArray(node)) return node
  throw new SyntaxError(`${node} is no list`)
}

function one(fields: readonly Field[]): Field {
  const [only, ...more] = fields
  if (only && more.length === 0) return only
  throw new SyntaxError('there is one memory and one function')
}

function text(node: Node | undefined): string {
  if (typeof node === 'string') return node
  throw new SyntaxError('a name or number is missing')
}

const word = (field: Field, at: number): number => Number(text(field[at]))
const nameOf = (field: Field): string => text(field[1])

const VALUE_TYPES: Readonly<Record<string, number>> = { i32: 0x7f, i64: 0x7e, v128: 0x7b }

function valueType(node: Node | undefined): number {
  const type = VALUE_TYPES[text(node)]
  if (type === undefined) throw new SyntaxError(`no value type: ${node}`)
  return type
}

/** (global $name (export "name") (mut i32) (i32.const 0)) */
function assembleGlobal(global: Field): number[] {
  const [, type] = list(global[3])
  const [op, value] = list(global[4])
  const code = text(op) === 'i64.const' ? 0x42 : 0x41
  return [valueType(type), 0x01, code, ...signed(BigInt(text(value))), END]
}

function exported(field: Field, kind: number, index: number): number[] {
  const name = Buffer.from(text(list(field[2])[1]).replaceAll('"', ''))
  return [...unsigned(name.length), ...name, kind, ...unsigned(index)]
}

/** Its type, and its locals and code. */
function assembleFunction(func: Field, globals: readonly string[]): [number[], number[]] {
  const parts = func.slice(3).map(list)
  const of = (kind: string): Field[] => parts.filter(([head]) => head === kind)
  const [params, results, locals] = [of('param'), of('result'), of('local')]
  const names = [...params, ...locals].map(nameOf)
  const code = parts
    .filter(([head]) => !['param', 'result', 'local'].includes(text(head)))
    .flatMap(node => assembleCode(node, { locals: names, globals, labels: [] }))
  const type = [
    0x60,
    ...vector(params.map(param => [valueType(param[2])])),
    ...vector(results.map(result => [valueType(result[1])])),
  ]
  return [type, [...vector(locals.map(local => [0x01, valueType(local[2])])), ...code, END]]
}

interface Scope {
  locals: readonly string[]
  globals: readonly string[]
  /** Innermost first. */
  labels: readonly string[]
}

const END = 0x0b
const NO_RESULT = 0x40

function assembleCode(node: Node, scope: Scope): number[] {
  const [head, ...rest] = list(node)
  const name = text(head)
  const inner = (nodes: readonly Node[]): number[] => nodes.flatMap(one => assembleCode(one, scope))
  if (name === 'block' || name === 'loop') {
    const within = { ...scope, labels: [text(rest[0]), ...scope.labels] }
    const body = rest.slice(1).flatMap(one => assembleCode(one, within))
    return [name === 'block' ? 0x02 : 0x03, NO_RESULT, ...body, END]
  }
  if (name === 'if') {
    const within = { ...scope, labels: ['', ...scope.labels] }
    const [condition, then, otherwise] = rest.map(list)
    const branch = (field: Field | undefined): number[] =>
      field ? field.slice(1).flatMap(one => assembleCode(one, within)) : []
    const no = otherwise ? [0x05, ...branch(otherwise)] : []
    return [...assembleCode(condition ?? [], scope), 0x04, NO_RESULT, ...branch(then), ...no, END]
  }
  const operator = OPERATORS[name]
  if (!operator) throw new SyntaxError(`no such instruction here: ${name}`)
  const immediates = rest.filter(one => typeof one === 'string').map(text)
  const operands = rest.filter(one => typeof one !== 'string')
  return [...inner(operands), ...operator.code, ...immediate(operator.takes, immediates, scope)]
}

function immediate(takes: Takes, words: readonly string[], scope: Scope): number[] {
  const [first = ''] = words
  switch (takes) {
    case 'local':
      return unsigned(place(scope.locals, first))
    case 'global':
      return unsigned(place(scope.globals, first))
    case 'label':
      return unsigned(place(scope.labels, first))
    case 'number':
      return signed(BigInt(first))
    case 'address':
      return [0x00, ...unsigned(Number(first.replace('offset=', '')))]
    case 'nothing':
      return []
  }
}

function place(names: readonly string[], name: string): number {
  const at = names.indexOf(name)
  if (at < 0) throw new SyntaxError(`nothing is called ${name}`)
  return at
}

type Takes = 'local' | 'global' | 'label' | 'number' | 'address' | 'nothing'

function operators(takes: Takes, codes: Record<string, number[]>): [string, Operator][] {
  return Object.entries(codes).map(([name, code]) => [name, { takes, code }])
}

interface Operator {
  takes: Takes
  code: readonly number[]
}

const OPERATORS: Readonly<Record<string, Operator>> = Object.fromEntries([
  ...operators('local', { 'local.get': [0x20], 'local.set': [0x21] }),
  ...operators('global', { 'global.get': [0x23], 'global.set': [0x24] }),
  ...operators('label', { br: [0x0c], br_if: [0x0d] }),
  ...operators('number', { 'i32.const': [0x41], 'i64.const': [0x42] }),
  ...operators('address', {
    'i32.load': [0x28],
    'i32.load8_u': [0x2d],
    'i32.load16_u': [0x2f],
    'i32.store8': [0x3a],
    'i32.store16': [0x3b],
    'v128.load': [0xfd, 0x00],
    'v128.store': [0xfd, 0x0b],
  }),
  ...operators('nothing', {
    unreachable: [0x00],
    select: [0x1b],
    'i32.eqz': [0x45],
    'i32.eq': [0x46],
    'i32.ne': [0x47],
    'i32.lt_u': [0x49],
    'i32.gt_u': [0x4b],
    'i32.le_u': [0x4d],
    'i32.ge_u': [0x4f],
    'i32.add': [0x6a],
    'i32.sub': [0x6b],
    'i32.and': [0x71],
    'i32.shl': [0x74],
    'i64.ge_s': [0x59],
    'i64.add': [0x7c],
    'i64.sub': [0x7d],
    'i64.mul': [0x7e],
    'i64.extend_i32_u': [0xad],
    'i8x16.splat': [0xfd, 0x0f],
    'i8x16.eq': [0xfd, 0x23],
    'v128.or': [0xfd, 0x50],
    'i8x16.bitmask': [0xfd, 0x64],
  }),
])

function section(id: number, items: readonly (readonly number[])[]): number[] {
  const content = vector(items)
  return [id, ...unsigned(content.length), ...content]
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()]
}

/** LEB128. */
function unsigned(value: number): number[] {
  const low = value & 0x7f
  return value < 0x80 ? [low] : [low | 0x80, ...unsigned(value >>> 7)]
}

function signed(value: bigint): number[] {
  const low = Number(value & 0x7fn)
  const rest = value >> 7n
  const isLast = (rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40)
  return isLast ? [low] : [low | 0x80, ...signed(rest)]
}
