import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'

/** Days since 1970, UTC: see test/support/engines.ts. */
process.env['ECOMDB_TEST_DAY'] ??= String(Math.floor(Date.now() / 86_400_000))

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['./test/support/skip-reporter.ts', 'default'],
    globalSetup: ['test/support/global-setup.ts'],
    // No test measures time by these: they end one that hangs. The longest takes half a minute on
    // a calm machine, and many times that where others work.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    sequence: { sequencer: LongestFirst },
    // Half of a test's time is waiting for servers and programs: three fill two cores.
    maxWorkers: 3,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  },
})
