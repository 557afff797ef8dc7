import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'

/** Milliseconds, and days, since 1970, UTC: see test/support/engines.ts. */
process.env['ECOMDB_TEST_BEGAN'] ??= String(Date.now())
process.env['ECOMDB_TEST_DAY'] ??= String(Math.floor(Date.now() / 86_400_000))

export default defineConfig({
  test: {
    projects: [
      // They share no server, no folder and no setting: a worker for each file would be half of their time.
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], isolate: false },
      },
      {
        extends: true,
        test: { name: 'servers', include: ['test/**/*.test.ts'], exclude: ['test/unit/**'] },
      },
    ],
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
