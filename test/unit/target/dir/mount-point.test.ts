import { expect, test } from 'vitest'
import { longestMountPoint } from '#target/dir/mount-point'

// proc(5): the fifth field of a line is the mount point, with octal escapes.
const TABLE = [
  '21 1 254:0 / / rw - ext4 /dev/vda rw',
  '30 21 8:1 / /mnt/disk rw,noatime shared:5 - ext4 /dev/sda1 rw',
  '31 21 8:2 / /mnt/my\\040disk rw - vfat /dev/sdb1 rw',
  '32 30 8:3 / /mnt/disk/inner rw - ext4 /dev/sdc1 rw',
  '',
].join('\n')

test.each([
  ['/mnt/disk', '/mnt/disk'],
  ['/mnt/disk/shop/repository', '/mnt/disk'],
  ['/mnt/disk/inner/shop', '/mnt/disk/inner'],
  ['/mnt/diskette', '/'],
  ['/mnt/my disk/shop', '/mnt/my disk'],
  ['/home', '/'],
])('%s lies on what is mounted at %s', (path, point) => {
  expect(longestMountPoint(TABLE, path)).toBe(point)
})
