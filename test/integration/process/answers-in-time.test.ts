import { constants } from 'node:fs'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemCode } from '#core/errors'
import { answersInTime } from '#process/answers-in-time'
import { onPath } from '#process/program'
import { runProgram } from '#process/run-program'
import { withFolder } from '#test/temporary'

test('a file system that does not answer holds nobody, and is left alone for a while', () =>
  withFolder(async folder => {
    await writeFile(join(folder, 'there'), 'x')
    expect(await answersInTime(join(folder, 'there'), 20_000)).toBe(true)
    expect(await answersInTime(join(folder, 'not-there'), 20_000)).toBe(true)
    // Whoever opens a pipe that nobody writes to waits.
    const pipe = join(folder, 'hangs')
    await runProgram(onPath('mkfifo'), [pipe])
    const both = [answersInTime(pipe, 300), answersInTime(pipe, 300)]
    expect(await Promise.all(both)).toEqual([false, false])
    const before = performance.now()
    expect(await answersInTime(pipe, 20_000)).toBe(false)
    expect(performance.now() - before).toBeLessThan(5_000)
    // Nobody reads it any more: the program that asked was ended.
    const write = constants.O_WRONLY | constants.O_NONBLOCK
    const reader = (): Promise<unknown> => open(pipe, write).then(file => file.close(), systemCode)
    await expect.poll(reader).toBe('ENXIO')
  }))
