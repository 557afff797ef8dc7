import { expect, test } from 'vitest'
import type { Manifest } from '#domain/backup/manifest'
import { refuseOtherServers } from '#workflow/restore/refuse-other-servers'

const tables = [
  { schema: 'shop', name: 'orders', storageEngine: 'InnoDB' },
  { schema: 'far', name: 'stock', storageEngine: 'FEDERATED' },
  { schema: 'far', name: 'prices', storageEngine: 'SPIDER' },
]
const manifest = { tables } as unknown as Manifest

test('a snapshot of an earlier version with windows on other servers is not restored', () => {
  expect(() => refuseOtherServers(manifest, () => true)).toThrow(
    expect.objectContaining({
      code: 'UNSUPPORTED',
      why: 'far.stock (FEDERATED), far.prices (SPIDER)',
    }),
  )
  expect(() => refuseOtherServers(manifest, schema => schema === 'shop')).not.toThrow()
})
