import { defineConfig } from 'vitest/config'

// "source" makes #core/… and the like mean the TypeScript files, in the tests and in
// the worker threads and child processes that they start.
const conditions = ['source', 'node', 'import', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['./test/support/skip-reporter.ts', 'default'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Half of a test's time is waiting for servers and programs: three fill two cores.
    maxWorkers: 3,
    execArgv: ['--conditions=source', '--disable-warning=ExperimentalWarning'],
  },
})
