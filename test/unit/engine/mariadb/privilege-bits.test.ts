import { expect, test } from 'vitest'
import { privilegesOfMask } from '#engine/mariadb/privilege-bits'

test('a mask of 64 bits is read whole', () => {
  const admin = '{"access":4328521984,"version_id":101119,"plugin":"x"}'
  expect(privilegesOfMask(admin)).toEqual(['PROCESS', 'CREATE USER', 'CONNECTION ADMIN'])
  const root = privilegesOfMask('{"access":18446744073709551615}')
  expect(root).toEqual(expect.arrayContaining(['SUPER', 'GRANT OPTION', 'SLAVE MONITOR']))
  expect(privilegesOfMask('{"access":0,"version_id":101119}')).toEqual([])
})

test('SUPER of a server before 10.5 is all that it was then', () => {
  expect(privilegesOfMask('{"access":32768}')).toEqual(
    expect.arrayContaining(['SUPER', 'SET USER', 'BINLOG ADMIN']),
  )
  expect(privilegesOfMask('{"access":32768,"version_id":101119}')).toEqual(['SUPER'])
})
