import { Command } from '@oclif/core/command'
import { boolean, option } from '@oclif/core/flags'
import { EXIT } from '#core/errors'
import type { Progress } from '#core/progress'
import { chooseProgress, PROGRESS_MODES } from './progress-renderer.ts'
import { renderError } from './render-error.ts'

/**
 * What a command gives back. `status` is an ExitStatus (3: done with findings), or that of a
 * program which the command ran for the user.
 */
export interface Outcome<Result extends object> {
  result: Result
  /** The text for people; stdout. */
  text: string
  status?: number
}

/**
 * Every command: parse flags, call one workflow, give an Outcome back. This class does the
 * rest: the JSON document, progress, errors, exit statuses.
 *
 * With --json exactly one document goes to stdout:
 * `{version: 1, status, result, warnings}` or `{version: 1, status, error, warnings}`.
 * It only ever grows (docs/formats.md).
 */
export abstract class BaseCommand<Result extends object = object> extends Command {
  static override enableJsonFlag = true

  static override baseFlags = {
    progress: option({
      options: PROGRESS_MODES,
      default: 'auto',
      summary: 'how progress is shown on stderr',
      helpGroup: 'GLOBAL',
      env: 'ECOMDB_PROGRESS',
    })(),
    quiet: boolean({
      summary: 'no progress; results and errors only',
      helpGroup: 'GLOBAL',
      char: 'q',
    }),
  }

  protected readonly warnings: string[] = []
  #progress: Progress | undefined

  /** The command's work. Kept under 20 lines in each command. */
  protected abstract execute(): Promise<Outcome<Result>>

  /** Chosen once, by flags and terminal. */
  protected get progress(): Progress {
    this.#progress ??= chooseProgress(this.argv, this.jsonEnabled(), this.warnings)
    return this.#progress
  }

  async run(): Promise<unknown> {
    const { result, text, status = EXIT.DONE } = await this.execute()
    this.#progress?.done()
    process.exitCode = status
    if (!this.jsonEnabled() && text) process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
    return { version: 1, status, result, warnings: this.warnings }
  }

  override async catch(
    error: Error & { exitCode?: number; oclif?: { exit?: number } },
  ): Promise<void> {
    this.#progress?.done()
    const { document, text, status } = renderError(error, this.warnings)
    if (this.jsonEnabled()) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
    else process.stderr.write(text)
    this.exit(status)
  }

  override logJson(document: unknown): void {
    process.stdout.write(`${JSON.stringify(document, jsonValue, 2)}\n`)
  }
}

function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
