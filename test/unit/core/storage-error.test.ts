import { constants } from 'node:os'
import { expect, test } from 'vitest'
import { systemCode } from '#core/errors'
import { isLostOnDisk, translateStorageError } from '#core/storage-error'

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
