import { expect, test } from 'vitest'
import { BACKUP_PRIVILEGES } from '#domain/backup/backup-privileges'
import { serviceAccounts } from '#engine/shared/provision/service-accounts'

test('the backup account that provision makes holds what the doctor asks for', () => {
  const [backup] = serviceAccounts({ prefix: 'ecomdb', host: 'localhost' }, 'shop')
  const held = backup?.grants.flatMap(({ schema, privileges }) => (schema ? [] : privileges))
  const wanted = Object.values(BACKUP_PRIVILEGES).flat()
  expect(wanted.filter(({ privilege }) => !held?.includes(privilege))).toEqual([])
})
