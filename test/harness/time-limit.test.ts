import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { onPath } from '#process/program'
import { runProgram } from '#process/run-program'
import { withFolder } from '#test/temporary'
import { programsOf } from '../../harness/programs-of.ts'
import { withinLimit } from '../../harness/time-limit.ts'

test('a case that stands still is ended with its programs, and its failure names them', async () => {
  await withFolder(async folder => {
    const run = async (): Promise<string> => {
      await runProgram(onPath('sleep'), ['600'], { cwd: folder })
      return 'slept'
    }
    await expect(withinLimit(folder, 300, run)).rejects.toThrow(
      /not done after 0\.3 s: sleep 600 \n.*sleep/,
    )
    expect(await programsOf([folder])).toEqual([])
  })
})

test('what ends in time, well or not, is as it is', async () => {
  await withFolder(async folder => {
    expect(await withinLimit(folder, 60_000, async () => 'seen')).toBe('seen')
    const fails = async (): Promise<string> => {
      await sleep(1)
      throw new Error('differs')
    }
    await expect(withinLimit(folder, 60_000, fails)).rejects.toThrow('differs')
  })
})
