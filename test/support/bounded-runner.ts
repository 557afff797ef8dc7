import { TestRunner, test } from 'vitest'
import { isOver, NOT_BEGUN } from './engines.ts'

/** Begins no file any more when the time that a run may take is over. */
export default class BoundedRunner extends TestRunner {
  override importFile(filepath: string, source: 'collect' | 'setup'): unknown {
    return source === 'collect' && isOver()
      ? test(NOT_BEGUN, { skip: true })
      : super.importFile(filepath, source)
  }
}
