import { appendFile, mkdir, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { CaseResult } from './suite.ts'

/** The results of a run as they come, so that a run that is cut short can be continued. */
export class CaseJournal {
  readonly #file: string

  constructor(file: string) {
    this.#file = file
  }

  /** Results by the names of their cases. A torn last line is passed over. */
  async read(): Promise<Map<string, CaseResult>> {
    const text = await readFile(this.#file, 'utf8').catch(() => '')
    const results = new Map<string, CaseResult>()
    for (const line of text.split('\n')) {
      const result = parse(line)
      if (result) results.set(result.name, result)
    }
    return results
  }

  async add(result: CaseResult): Promise<void> {
    await mkdir(dirname(this.#file), { recursive: true })
    await appendFile(this.#file, `${JSON.stringify(result)}\n`)
  }

  async remove(): Promise<void> {
    await rm(this.#file, { force: true })
  }
}

function parse(line: string): CaseResult | null {
  try {
    return JSON.parse(line) as CaseResult
  } catch {
    return null
  }
}
