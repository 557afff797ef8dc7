import { describe, expect, test } from 'vitest'
import { readMysqlGtid } from '#domain/binlog/gtid-event'

const COMMITTED_US = 1_795_970_710_494_075n
const ORIGINAL_US = 1_795_970_710_487_772n
const BYTES = 490

/** Flags, UUID, number, type and two logical timestamps; then times of 7 bytes, and the length. */
function body(...times: readonly bigint[]): Buffer {
  const fixed = Buffer.alloc(42)
  fixed.writeBigInt64LE(9177n, 17)
  const seven = times.map(time => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(time)
    return bytes.subarray(0, 7)
  })
  const length = Buffer.from([252, 0, 0])
  length.writeUInt16LE(BYTES, 1)
  return Buffer.concat([fixed, ...seven, length])
}

describe('when a transaction was committed, to the microsecond', () => {
  const of = (bytes: Buffer) => {
    const { committedUs, bytes: length } = readMysqlGtid(bytes, false)
    return { committedUs, length }
  }
  const wanted = { committedUs: Number(COMMITTED_US), length: BYTES }

  test('in a log of its own', () => {
    expect(of(body(COMMITTED_US))).toEqual(wanted)
  })

  test("in a replica's log, where the highest bit says that the source's time follows", () => {
    expect(of(body(COMMITTED_US | (1n << 55n), ORIGINAL_US))).toEqual(wanted)
  })
})
