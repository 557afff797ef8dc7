import type { Reporter, TestModule } from 'vitest/node'
import { LEFT_OUT } from './engines.ts'

/** Prints each test that did not run, and why, above vitest's own summary. */
export default class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    // A run narrowed by -t skips nearly everything, which nobody needs to read.
    if (process.argv.some(word => /^(-t|--testNamePattern)/.test(word))) return
    if (LEFT_OUT) process.stdout.write(`${LEFT_OUT}\n`)
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const result = test.result()
        const why = (result.state === 'skipped' && result.note) || 'no reason given'
        process.stdout.write(`skipped: ${module.relativeModuleId} > ${test.fullName}: ${why}\n`)
      }
    }
  }
}
