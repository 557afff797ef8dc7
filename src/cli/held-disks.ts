import type { Config, CopyConfig } from '#config/config'
import { mountedBelow } from '#domain/schedule/service-files'
import { longestMountPoint, mountTable } from '#target/dir/mount-point'

/**
 * Disks that come and go, and are mounted at the very folder that the service writes to: it has such a disk still when
 * somebody has unmounted it, and it is pulled in use. Told by the kernel's table alone: a dead share answers nothing.
 */
export function heldDisks(
  table: string,
  copies: readonly Pick<CopyConfig, 'offline' | 'place'>[],
): string[] {
  const directories = copies.flatMap(({ offline, place }) =>
    offline && place?.directory ? [place.directory] : [],
  )
  const held = directories.filter(
    directory => longestMountPoint(table, directory) === mountedBelow(directory),
  )
  return [...new Set(held.map(mountedBelow))]
}

const heldText = (point: string): string =>
  `a disk is mounted at ${point} itself, where an offline copy goes: if it is the one that is taken away, the service has it still when it was unmounted; mount it in a folder below, like ${point}/shop-copy, name that in ecomdb.yaml, and install again`

export const warnOfHeldDisks = async ({ copies }: Config): Promise<string[]> =>
  heldDisks((await mountTable()) ?? '', copies).map(heldText)
