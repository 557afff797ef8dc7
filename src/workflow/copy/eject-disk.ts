import { EcomdbError } from '#core/errors'
import type { ProgramCommand } from '#process/program'
import { runProgram } from '#process/run-program'
import type { Target } from '#target/target'
import { isOwnDisk } from './open-copy.ts'

/** How a disk is unmounted, and how its folder is looked at afterwards. */
export interface CopyEjector {
  umount: () => ProgramCommand
  reopen: () => Promise<Target>
}

/**
 * Unmounts the disk of a copy through the system's own program, which flushes it, and makes
 * sure that it is gone.
 *
 * @throws EcomdbError TOOL_FAILED when the disk is busy or this account may not; TOOL_MISSING
 */
export async function ejectDisk(target: Target, { umount, reopen }: CopyEjector): Promise<void> {
  const { mountPoint } = await target.inspect()
  if (!isOwnDisk(mountPoint)) throw new Error(`${target.label} lies on no disk of its own`)
  try {
    await runProgram(umount(), [mountPoint])
  } catch (error) {
    if (!(error instanceof EcomdbError) || error.code !== 'TOOL_FAILED') throw error
    throw new EcomdbError('TOOL_FAILED', {
      what: `the copy is complete, and ${mountPoint} could not be unmounted`,
      why: error.why ?? error.what,
      hints: [
        '`fuser -vm MOUNTPOINT` shows who uses it; only root may unmount most disks',
        'do not pull the disk before it is unmounted',
      ],
      cause: error,
    })
  }
  const left = await mountPointNow(await reopen())
  if (left === mountPoint) {
    throw new EcomdbError('TOOL_FAILED', {
      what: `the copy is complete, and ${mountPoint} is still mounted`,
      why: 'umount ended without an error: something else is mounted there, too',
      hints: ['`findmnt` shows what; do not pull the disk before it is unmounted'],
    })
  }
}

/** Null when not even the folder is there any more. */
async function mountPointNow(target: Target): Promise<string | null> {
  try {
    return (await target.inspect()).mountPoint
  } catch (error) {
    if (error instanceof EcomdbError && error.code === 'TARGET_UNAVAILABLE') return null
    throw error
  }
}
