import { constants } from 'node:os'
import { expect, test } from 'vitest'
import { EcomdbError, type ErrorCode, systemCode } from '#core/errors'
import { isDiskFull, isLostOnDisk, noRoom, translateStorageError } from '#core/storage-error'

/** As Node throws it of a call that ended with a number that it has no name for. */
const ofNumber = (errno: number): Error => {
  const code = `Unknown system error -${errno}`
  return Object.assign(new Error(`${code}, read`), { code, errno: -errno, syscall: 'read' })
}

test('numbers that Node has no name for have one', () => {
  const { EDQUOT, ESTALE, EBADMSG } = constants.errno
  const named = [EDQUOT, ESTALE, EBADMSG].map(number => systemCode(ofNumber(number)))
  expect(named).toEqual(['EDQUOT', 'ESTALE', 'EBADMSG'])
  expect(translateStorageError(ofNumber(EDQUOT), 'cannot write x')).toMatchObject({
    code: 'STORAGE_FAILED',
    why: expect.stringMatching(/^the quota is used up/),
  })
  expect(systemCode(ofNumber(9999))).toBe('Unknown system error -9999')
})

test.each([
  ...['EIO', 'ENODATA', 'EREMOTEIO', 'EILSEQ', 'EBADMSG', 'EUCLEAN'].map(code => [code, true]),
  ...['ESTALE', 'ETIMEDOUT', 'ENOTCONN', 'EHOSTDOWN', 'EMFILE', 'ENOMEM', 'EACCES'].map(code => [
    code,
    false,
  ]),
] as [string, boolean][])('%s: is the file lost on its disk? %s', (code, isLost) => {
  const error = Object.assign(new Error(code), { code, syscall: 'open' })
  expect(isLostOnDisk(translateStorageError(error, 'cannot read x'))).toBe(isLost)
})

test('a full disk is known, by whatever it was seen and however often it was said again', () => {
  const said = (cause: unknown, code: ErrorCode = 'STORAGE_FAILED') =>
    new EcomdbError(code, { what: 'x', cause })
  const full = Object.assign(new Error('write'), { code: 'ENOSPC', syscall: 'write' })
  const ofServer = said(ofNumber(constants.errno.EIO), 'TOOL_FAILED')
  for (const one of [full, ofNumber(constants.errno.EDQUOT), noRoom(), noRoom(ofServer)]) {
    expect(isDiskFull(said(one))).toBe(true)
    expect(isDiskFull(said(said(one)))).toBe(true)
    expect(isDiskFull(said(one, 'TOOL_FAILED'))).toBe(false)
  }
  for (const one of [undefined, ofServer, ofNumber(constants.errno.EIO)]) {
    expect(isDiskFull(said(one))).toBe(false)
  }
})
