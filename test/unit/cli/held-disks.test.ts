import { expect, test } from 'vitest'
import { heldDisks } from '#cli/held-disks'

const table = (...points: string[]): string =>
  ['/', '/run', ...points].map(point => `36 35 98:0 / ${point} rw - ext4 /dev/x rw`).join('\n')

const copy = (directory: string, offline = true) => ({
  offline,
  place: { directory } as never,
})

test('a disk at the folder that the service writes to is told; one below it, or away, is not', () => {
  expect(heldDisks(table('/mnt'), [copy('/mnt/shop'), copy('/mnt')])).toEqual(['/mnt'])
  expect(heldDisks(table('/backup-disk'), [copy('/backup-disk/shop')])).toEqual(['/backup-disk'])
  expect(heldDisks(table('/run/media'), [copy('/run/media/usb')])).toEqual(['/run/media'])
  expect(heldDisks(table('/mnt', '/mnt/usb'), [copy('/mnt/usb/shop')])).toEqual([])
  expect(heldDisks(table(), [copy('/mnt/usb/shop'), copy('/run/media/usb')])).toEqual([])
  // It stays, or no disk of this host is it.
  expect(heldDisks(table('/mnt'), [copy('/mnt/shop', false), copy('/mntx')])).toEqual([])
  expect(heldDisks('', [copy('/mnt/shop')])).toEqual([])
})
