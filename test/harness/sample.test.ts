import { afterEach, expect, test, vi } from 'vitest'
import { TEST_ENGINES } from '#test/engines'
import { withFolder } from '#test/temporary'
import { attacks } from '../../harness/attacks/suite.ts'
import { faults } from '../../harness/faults/suite.ts'
import { fidelity } from '../../harness/fidelity/suite.ts'
import { runCase, type Suite } from '../../harness/suite.ts'

// A few cases of what `npm run harness` tries by the hundred, so that it stays able to.

const SAMPLES: readonly [suite: Suite, seed: number, count: number, only: string | null][] = [
  [fidelity, 31, 2, null],
  [faults, 0, 1, 'restore, SIGKILL at a stage: loading rows'],
  [attacks, 3, 1, 'repository'],
]

afterEach(() => {
  vi.unstubAllEnvs()
})

const CASES = TEST_ENGINES.flatMap(family =>
  SAMPLES.map(([suite, ...sample]) => [family, suite.name, suite, ...sample] as const),
)

test.each(CASES)('%s: a sample of %s', async (family, _name, suite, seed, count, only) => {
  await withFolder(async folder => {
    // The suites set it for what they start.
    vi.stubEnv('ECOMDB_STATE', folder)
    const say = (): void => {}
    const prepared = await suite.prepare({ family, folder, seed, count, only, say })
    try {
      for (const one of prepared.cases) expect(await runCase(one)).toMatchObject({ ok: true })
    } finally {
      await prepared.close()
    }
  })
})
