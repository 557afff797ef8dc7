import type { Reporter, TestModule } from 'vitest/node'
import { ENGINE_FAMILIES } from '#domain/engine-family'
import { isLate, leftOut, SLOW_TEST_ENGINES, TEST_ENGINES } from './engines.ts'

/** Prints each test that did not run, and why, above vitest's own summary. */
export default class SkipReporter implements Reporter {
  #late = 0

  onTestModuleQueued({ project }: TestModule): void {
    if (project.name !== 'unit' && isLate()) this.#late += 1
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    // A run narrowed by -t skips nearly everything, which nobody needs to read.
    if (process.argv.some(word => /^(-t|--testNamePattern)/.test(word))) return
    const leftFor = leftOut(this.#late)
    if (leftFor) process.stdout.write(`${leftFor}\n`)
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const result = test.result()
        const note = result.state === 'skipped' && result.note
        const why = note || whyNotItsEngine(test.fullName) || 'no reason given'
        process.stdout.write(`skipped: ${module.relativeModuleId} > ${test.fullName}: ${why}\n`)
      }
    }
  }
}

/** Of a test that is about one engine, by its name; null when that engine is tested. */
function whyNotItsEngine(name: string): string | null {
  const engine = ENGINE_FAMILIES.find(family => new RegExp(`\\b${family}\\b`).test(name))
  if (!engine || SLOW_TEST_ENGINES.includes(engine)) return null
  return TEST_ENGINES.includes(engine)
    ? `of ${engine}, for want of time`
    : `ECOMDB_TEST_ENGINES leaves ${engine} out`
}
