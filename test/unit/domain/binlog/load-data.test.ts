import { expect, test } from 'vitest'
import { EVENT, HEADER_BYTES } from '#domain/binlog/event'
import { LoadData } from '#domain/binlog/load-data'

function event(type: number, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt8(type, 4)
  header.writeUInt32LE(HEADER_BYTES + body.length, 9)
  return Buffer.concat([header, body])
}

function eight(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(value)
  return bytes
}

const number = (kind: number, value: bigint): Buffer =>
  event(EVENT.integer, Buffer.concat([Buffer.from([kind]), eight(value)]))

function variable(type: number | null, value: Buffer, flags = 0): Buffer {
  const head = Buffer.from([1, 0, 0, 0, 'v'.charCodeAt(0), type === null ? 1 : 0])
  const rest = Buffer.alloc(9)
  rest.writeUInt8(type ?? 0)
  rest.writeUInt32LE(value.length, 5)
  const typed = type === null ? [] : [rest, value, Buffer.from([flags])]
  return event(EVENT.userVariable, Buffer.concat([head, ...typed]))
}

const QUERY = event(EVENT.query, Buffer.alloc(20))
const LOAD = event(EVENT.executeLoadQuery, Buffer.alloc(40))
const BEGIN_LOAD = event(17, Buffer.alloc(4))

function read(...log: readonly Buffer[]): LoadData {
  const loadData = new LoadData()
  // Segments end anywhere.
  for (const one of log) loadData.look(one, { serverVersion: '', hasChecksums: false })
  return loadData
}

test('what LOAD DATA statements are given, and other statements are not', () => {
  const third = Buffer.alloc(8)
  third.writeDoubleLE(1 / 3)
  const found = read(
    ...[number(2, 7n), QUERY, LOAD],
    ...[number(2, 8n), BEGIN_LOAD, number(2, 8n), LOAD],
    ...[QUERY, number(1, 9n), event(EVENT.random, Buffer.concat([eight(3n), eight(4n)]))],
    ...[variable(1, third), variable(2, eight(-1n)), variable(2, eight(-1n), 1)],
    ...[variable(null, Buffer.alloc(0)), LOAD],
  )
  expect(found.given).toEqual([
    [],
    [
      { kind: 'insert-id', value: 8n },
      { kind: 'insert-id', value: 8n },
    ],
    [
      { kind: 'last-insert-id', value: 9n },
      { kind: 'seeds', values: [3n, 4n] },
      { kind: 'variable', name: 'v', value: 1 / 3 },
      { kind: 'variable', name: 'v', value: -1n },
      { kind: 'variable', name: 'v', value: 2n ** 64n - 1n },
      { kind: 'variable', name: 'v', value: null },
    ],
  ])
  expect([found.isKnown, found.longest]).toEqual([true, HEADER_BYTES + 40])
})

test('texts and decimal numbers are not known, where a LOAD DATA is given one', () => {
  const text = variable(0, Buffer.from('abc'))
  expect(read(text, QUERY, LOAD).isKnown).toBe(true)
  expect(read(text, LOAD).isKnown).toBe(false)
  expect(read(variable(4, Buffer.from([2, 0, 0x81])), LOAD).isKnown).toBe(false)
})
