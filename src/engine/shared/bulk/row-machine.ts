import { assembleWat } from './assemble-wat.ts'

/**
 * The hottest loop of a backup, in WebAssembly: it takes whole rows of the text protocol out of
 * what one read of the socket gave, and writes them as TSV, sixteen bytes at a time where nothing
 * is to be escaped. In JavaScript the same loop, byte by byte, took a fifth of a backup's processor
 * time beside the server's. What is rare is left to JavaScript, which reads the same rows: a packet
 * that is cut or of 16 MiB, an error, the end, a row that does not fit, one that begins a range.
 *
 * The machine stops before such a row. It never reads or writes outside its memory, and traps when
 * a row's fields do not fill its packet.
 */
const INPUT_AT = 0x10000
const INPUT_BYTES = 0x40000
const BLOCK_AT = 0x60000
/** One for each column: is it escaped? */
const ESCAPED_AT = 0x0000
const MOST_COLUMNS = 0x4000
/** For each byte the letter behind its backslash; 0 where the byte stands for itself. */
const LETTERS_AT = 0x4000
/** Of 64 KiB: tables, input with room for a read behind it, a block with room for a write. */
const PAGES = 23

const TEXT = `
(module
  (memory $memory (export "memory") ${PAGES} ${PAGES})
  (global $columns (export "columns") (mut i32) (i32.const 0))
  (global $blockEnd (export "blockEnd") (mut i32) (i32.const 0))
  ;; Where the block is written next.
  (global $out (export "out") (mut i32) (i32.const 0))
  (global $rows (export "rows") (mut i32) (i32.const 0))
  ;; 1 when the next row may not fit into the block.
  (global $full (export "full") (mut i32) (i32.const 0))
  ;; 1 when a row whose first column reaches $border is not to be taken.
  (global $bordered (export "bordered") (mut i32) (i32.const 0))
  (global $border (export "border") (mut i64) (i64.const 0))

  ;; Takes rows from $at up to $end at most, and returns where it stopped.
  (func $run (export "run") (param $at i32) (param $end i32) (result i32)
    (local $out i32) (local $length i32) (local $from i32) (local $next i32) (local $column i32)
    (local $count i32) (local $stop i32) (local $hits i32) (local $letter i32) (local $minus i32)
    (local $key i64)
    (local $bytes v128) (local $tab v128) (local $newline v128) (local $backslash v128)
    (local $nul v128)
    (local.set $out (global.get $out))
    (local.set $nul (i8x16.splat (i32.const 0x00)))
    (local.set $tab (i8x16.splat (i32.const 0x09)))
    (local.set $newline (i8x16.splat (i32.const 0x0a)))
    (local.set $backslash (i8x16.splat (i32.const 0x5c)))
    (global.set $full (i32.const 0))
    (block $done
      (loop $row
        ;; A packet: three bytes of length, one of sequence, the row.
        (local.set $from (i32.add (local.get $at) (i32.const 4)))
        (br_if $done (i32.ge_u (local.get $from) (local.get $end)))
        (local.set $length
          (i32.and (i32.load offset=0 (local.get $at)) (i32.const 0xffffff)))
        (br_if $done (i32.eqz (local.get $length)))
        (br_if $done (i32.eq (local.get $length) (i32.const 0xffffff)))
        (local.set $next (i32.add (local.get $from) (local.get $length)))
        (br_if $done (i32.gt_u (local.get $next) (local.get $end)))
        ;; The end, an error, or a first field of 16 MiB.
        (br_if $done (i32.ge_u (i32.load8_u offset=0 (local.get $from)) (i32.const 0xfe)))
        ;; At worst each byte is escaped, and each NULL is written as two bytes and a tab.
        (if (i32.gt_u
              (i32.add
                (i32.shl (i32.add (local.get $length) (global.get $columns)) (i32.const 1))
                (i32.const 1))
              (i32.sub (global.get $blockEnd) (local.get $out)))
          (then (global.set $full (i32.const 1)) (br $done)))
        (if (global.get $bordered)
          (then
            (local.set $count (i32.load8_u offset=0 (local.get $from)))
            (br_if $done (i32.eqz (local.get $count)))
            (br_if $done (i32.gt_u (local.get $count) (i32.const 15)))
            (local.set $from (i32.add (local.get $from) (i32.const 1)))
            (local.set $stop (i32.add (local.get $from) (local.get $count)))
            (local.set $minus
              (i32.eq (i32.load8_u offset=0 (local.get $from)) (i32.const 0x2d)))
            (local.set $from (i32.add (local.get $from) (local.get $minus)))
            (local.set $key (i64.const 0))
            (block $read
              (loop $digit
                (br_if $read (i32.ge_u (local.get $from) (local.get $stop)))
                (local.set $key
                  (i64.add
                    (i64.mul (local.get $key) (i64.const 10))
                    (i64.extend_i32_u
                      (i32.sub
                        (i32.load8_u offset=0 (local.get $from))
                        (i32.const 0x30)))))
                (local.set $from (i32.add (local.get $from) (i32.const 1)))
                (br $digit)))
            (if (local.get $minus)
              (then (local.set $key (i64.sub (i64.const 0) (local.get $key)))))
            (br_if $done (i64.ge_s (local.get $key) (global.get $border)))
            (local.set $from (i32.add (local.get $at) (i32.const 4)))))
        (local.set $column (i32.const 0))
        (loop $field
          (if (local.get $column)
            (then
              (i32.store8 offset=0 (local.get $out) (i32.const 0x09))
              (local.set $out (i32.add (local.get $out) (i32.const 1)))))
          (if (i32.ge_u (local.get $from) (local.get $next)) (then (unreachable)))
          (local.set $length (i32.load8_u offset=0 (local.get $from)))
          (local.set $from (i32.add (local.get $from) (i32.const 1)))
          (block $written
            (if (i32.ge_u (local.get $length) (i32.const 0xfb))
              (then
                (if (i32.eq (local.get $length) (i32.const 0xfb))
                  (then
                    ;; NULL is \\N.
                    (i32.store16 offset=0 (local.get $out) (i32.const 0x4e5c))
                    (local.set $out (i32.add (local.get $out) (i32.const 2)))
                    (br $written)))
                (if (i32.eq (local.get $length) (i32.const 0xfc))
                  (then
                    (local.set $length (i32.load16_u offset=0 (local.get $from)))
                    (local.set $from (i32.add (local.get $from) (i32.const 2))))
                  (else
                    (if (i32.ne (local.get $length) (i32.const 0xfd)) (then (unreachable)))
                    (local.set $length
                      (i32.and (i32.load offset=0 (local.get $from)) (i32.const 0xffffff)))
                    (local.set $from (i32.add (local.get $from) (i32.const 3)))))))
            (if (i32.gt_u (i32.add (local.get $from) (local.get $length)) (local.get $next))
              (then (unreachable)))
            (if (i32.eqz (i32.load8_u offset=${ESCAPED_AT} (local.get $column)))
              (then
                (loop $plain
                  (v128.store offset=0 (local.get $out) (v128.load offset=0 (local.get $from)))
                  (if (i32.gt_u (local.get $length) (i32.const 16))
                    (then
                      (local.set $out (i32.add (local.get $out) (i32.const 16)))
                      (local.set $from (i32.add (local.get $from) (i32.const 16)))
                      (local.set $length (i32.sub (local.get $length) (i32.const 16)))
                      (br $plain))))
                (local.set $out (i32.add (local.get $out) (local.get $length)))
                (local.set $from (i32.add (local.get $from) (local.get $length)))
                (br $written)))
            (loop $sixteen
              (local.set $bytes (v128.load offset=0 (local.get $from)))
              (v128.store offset=0 (local.get $out) (local.get $bytes))
              (local.set $count
                (select
                  (local.get $length) (i32.const 16)
                  (i32.lt_u (local.get $length) (i32.const 16))))
              ;; A bit for each of these bytes that is to be escaped.
              (local.set $hits
                (i32.and
                  (i8x16.bitmask
                    (v128.or
                      (v128.or
                        (i8x16.eq (local.get $bytes) (local.get $nul))
                        (i8x16.eq (local.get $bytes) (local.get $tab)))
                      (v128.or
                        (i8x16.eq (local.get $bytes) (local.get $newline))
                        (i8x16.eq (local.get $bytes) (local.get $backslash)))))
                  (i32.sub (i32.shl (i32.const 1) (local.get $count)) (i32.const 1))))
              (local.set $length (i32.sub (local.get $length) (local.get $count)))
              (if (local.get $hits)
                (then
                  (local.set $stop (i32.add (local.get $from) (local.get $count)))
                  (loop $byte
                    (local.set $count (i32.load8_u offset=0 (local.get $from)))
                    (local.set $letter (i32.load8_u offset=${LETTERS_AT} (local.get $count)))
                    (if (local.get $letter)
                      (then
                        (i32.store8 offset=0 (local.get $out) (i32.const 0x5c))
                        (i32.store8 offset=1 (local.get $out) (local.get $letter))
                        (local.set $out (i32.add (local.get $out) (i32.const 2))))
                      (else
                        (i32.store8 offset=0 (local.get $out) (local.get $count))
                        (local.set $out (i32.add (local.get $out) (i32.const 1)))))
                    (local.set $from (i32.add (local.get $from) (i32.const 1)))
                    (br_if $byte (i32.lt_u (local.get $from) (local.get $stop)))))
                (else
                  (local.set $from (i32.add (local.get $from) (local.get $count)))
                  (local.set $out (i32.add (local.get $out) (local.get $count)))))
              (br_if $sixteen (local.get $length))))
          (local.set $column (i32.add (local.get $column) (i32.const 1)))
          (br_if $field (i32.lt_u (local.get $column) (global.get $columns))))
        (if (i32.ne (local.get $from) (local.get $next)) (then (unreachable)))
        (i32.store8 offset=0 (local.get $out) (i32.const 0x0a))
        (local.set $out (i32.add (local.get $out) (i32.const 1)))
        (global.set $rows (i32.add (global.get $rows) (i32.const 1)))
        (local.set $at (local.get $next))
        (br $row)))
    (global.set $out (local.get $out))
    (local.get $at)))
`

interface Cell<Value> {
  value: Value
}

interface Exports {
  memory: { buffer: ArrayBuffer }
  columns: Cell<number>
  blockEnd: Cell<number>
  out: Cell<number>
  rows: Cell<number>
  full: Cell<number>
  bordered: Cell<number>
  border: Cell<bigint>
  run(at: number, end: number): number
}

/** The part of the JavaScript interface that is used here: its types come with a browser's only. */
interface WebAssemblyInterface {
  validate(code: Uint8Array): boolean
  Module: new (code: Uint8Array) => object
  Instance: new (module: object) => { exports: unknown }
}

const { WebAssembly } = globalThis as { WebAssembly?: WebAssemblyInterface }

/** What one run has taken. */
export interface Taken {
  /** Where it stopped in the chunk. */
  at: number
  /** Bytes of the block that are used now. */
  used: number
  rows: number
  /** It stopped because the next row may not fit into the block. */
  full: boolean
}

/** One machine: a buffer for what is read, and one block for what is written. */
export class RowMachine {
  readonly input: Buffer
  readonly block: Buffer
  readonly #exports: Exports

  private constructor(exports: Exports, blockBytes: number) {
    this.#exports = exports
    const { buffer } = exports.memory
    this.input = Buffer.from(buffer, INPUT_AT, INPUT_BYTES)
    this.block = Buffer.from(buffer, BLOCK_AT, blockBytes)
    exports.blockEnd.value = BLOCK_AT + blockBytes
  }

  /**
   * @param letters for each byte the letter behind its backslash, or 0
   * @returns null where this processor, or this Node, has no such instructions
   */
  static start(blockBytes: number, letters: Uint8Array): RowMachine | null {
    if (BLOCK_AT + blockBytes >= PAGES * 0x10000) throw new RangeError('no room for such a block')
    const code = assembleWat(TEXT)
    if (!WebAssembly?.validate(code)) return null
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code))
    const machine = new RowMachine(exports as Exports, blockBytes)
    Buffer.from(machine.block.buffer, LETTERS_AT, letters.length).set(letters)
    return machine
  }

  /** Rows have these columns from now on. False: more than the machine can take. */
  columns(escaped: Uint8Array): boolean {
    if (escaped.length > MOST_COLUMNS) return false
    Buffer.from(this.block.buffer, ESCAPED_AT, escaped.length).set(escaped)
    this.#exports.columns.value = escaped.length
    return true
  }

  /**
   * Stops before a row whose first column, an integer, is this or more; null: before none.
   * False: a border that it cannot tell, NaN.
   */
  stopAt(border: number | null): boolean {
    if (Number.isNaN(border)) return false
    this.#exports.bordered.value = border === null ? 0 : 1
    this.#exports.border.value = BigInt(border ?? 0)
    return true
  }

  /**
   * Takes the whole rows that stand in `chunk` from `at`.
   * @param used bytes of the block that are used already
   */
  run(chunk: Buffer, at: number, used: number): Taken {
    const { out, rows, full, run } = this.#exports
    const inside = chunk.buffer === this.block.buffer
    const part = inside ? chunk : chunk.subarray(at, at + INPUT_BYTES)
    if (!inside) this.input.set(part)
    const start = inside ? chunk.byteOffset + at : INPUT_AT
    const end = inside ? chunk.byteOffset + chunk.length : INPUT_AT + part.length
    out.value = BLOCK_AT + used
    rows.value = 0
    const stopped = run(start, end)
    const taken = { used: out.value - BLOCK_AT, rows: rows.value, full: full.value === 1 }
    return { at: at + (stopped - start), ...taken }
  }
}
