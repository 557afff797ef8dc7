import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { EcomdbError, messageOf, systemCode } from '#core/errors'
import { type CsvField, CsvScanner } from '#domain/load/csv-scanner'

/** A CSV file that can be read, and its header. Byte offsets and lines as the scanner counts them. */
export interface InputFile {
  path: string
  name: string
  sizeBytes: number
  header: string[]
  /** Where the records begin. */
  start: { position: number; line: number }
}

/** A header that is longer is no header. */
const HEADER_BYTES = 1024 * 1024
const BYTE_ORDER_MARK = '\xef\xbb\xbf'

/**
 * Looks at a file without loading anything of it.
 *
 * @throws EcomdbError INPUT_NOT_FOUND, INPUT_INVALID
 */
export async function examineInput(path: string): Promise<InputFile> {
  const handle = await openInput(path)
  try {
    const { size } = await handle.stat()
    const head = Buffer.alloc(Math.min(size, HEADER_BYTES))
    await handle.read(head, 0, head.length, 0)
    return { path, name: basename(path), sizeBytes: size, ...readHeader(path, head) }
  } finally {
    await handle.close()
  }
}

/** @throws EcomdbError INPUT_NOT_FOUND */
export async function openInput(path: string): Promise<FileHandle> {
  try {
    const handle = await open(path, 'r')
    const status = await handle.stat()
    if (status.isFile()) return handle
    await handle.close()
    throw new EcomdbError('INPUT_NOT_FOUND', {
      what: `cannot load ${path}`,
      why: status.isDirectory() ? 'it is a directory' : 'it is not a regular file',
      hints: status.isDirectory() ? [`name its files: \`ecomdb load ${path}/*.csv\``] : [],
    })
  } catch (error) {
    if (error instanceof EcomdbError) throw error
    throw new EcomdbError('INPUT_NOT_FOUND', {
      what: `cannot read ${path}`,
      why: systemCode(error) === 'ENOENT' ? 'there is no such file' : messageOf(error),
      hints: ['check the path and its permissions; nothing was loaded'],
      cause: error,
    })
  }
}

function readHeader(path: string, head: Buffer): Pick<InputFile, 'header' | 'start'> {
  const all = head.toString('latin1')
  const mark = all.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0
  const text = all.slice(mark)
  let header: CsvField[] | undefined
  let unreadable: string | undefined
  const scanner = new CsvScanner(
    {
      record: fields => {
        header ??= fields
      },
      malformed: reason => {
        unreadable ??= reason
      },
    },
    { position: mark, line: 1 },
  )
  // Line by line, so that the scanner stands behind the header when it is there.
  let at = 0
  while (header === undefined && unreadable === undefined && at < text.length) {
    const end = text.indexOf('\n', at)
    scanner.push(text.slice(at, end < 0 ? text.length : end + 1))
    at = end < 0 ? text.length : end + 1
  }
  if (header === undefined && unreadable === undefined) scanner.end()
  if (header === undefined || unreadable !== undefined) {
    throw noHeader(path, unreadable ?? (text.trim() === '' ? 'it is empty' : 'it has no header'))
  }
  const names = header.map(name => Buffer.from(name ?? 'NULL', 'latin1').toString())
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what no column name holds
  if (names.some(name => /[\0-\x08\ufffd]/.test(name))) {
    throw noHeader(path, 'it is no CSV text in UTF-8: it may be UTF-16, or compressed')
  }
  return { header: names, start: { position: scanner.position, line: scanner.line } }
}

function noHeader(path: string, why: string): EcomdbError {
  return new EcomdbError('INPUT_INVALID', {
    what: `cannot load ${path}`,
    why,
    hints: ['the first line must hold the column names; nothing was loaded'],
  })
}
