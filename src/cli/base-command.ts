import { Command } from '@oclif/core/command'
import { boolean, option } from '@oclif/core/flags'
import type { Input, ParserOutput } from '@oclif/core/interfaces'
import type { Config } from '#config/config'
import { EXIT, type ExitStatus } from '#core/errors'
import type { Progress } from '#core/progress'
import { setTextWidth } from '#core/text-width'
import { allUnsteadyReads } from '#repository/unsteady-reads'
import { FailedRun, printJson } from './output.ts'
import {
  chooseProgress,
  PROGRESS_MODES,
  type ProgressFlags,
  type ProgressRenderer,
} from './progress-renderer.ts'
import { isInterrupted } from './signals.ts'

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
 * Every command: parse flags, call one workflow, give an Outcome back. This class and
 * main.ts do the rest: the JSON document, progress, errors, exit statuses.
 *
 * With --json exactly one document goes to stdout:
 * `{version: 1, status, result, warnings}` or `{version: 1, status, error, warnings}`.
 * It only ever grows (docs/formats.md).
 */
export abstract class BaseCommand<Result extends object = object> extends Command {
  static override enableJsonFlag = true

  /**
   * Exit statuses that the help lists besides those that exit-statuses.ts derives from
   * the flags: EXIT.FINDINGS, EXIT.LOCKED, …
   */
  static exits: readonly ExitStatus[] = []

  /** Instead of what the flags tell, where that is too much. */
  static onlyExits: readonly ExitStatus[] | null = null

  static override baseFlags = {
    progress: option({
      options: PROGRESS_MODES,
      default: 'auto',
      summary: 'how progress is shown on stderr',
      helpGroup: 'GLOBAL',
      env: 'ECOMDB_PROGRESS',
    })(),
    quiet: boolean({
      summary: 'no progress; results, warnings and errors only',
      helpGroup: 'GLOBAL',
      char: 'q',
    }),
  }

  protected readonly warnings: string[] = []
  #progress: ProgressRenderer | undefined
  #flags: ProgressFlags = {}

  /** The command's work. Kept under 20 lines in each command. */
  protected abstract execute(): Promise<Outcome<Result>>

  /** Chosen once, by flags and terminal. Use it after `this.parse`. */
  protected get progress(): Progress {
    this.#progress ??= chooseProgress(this.#flags, this.jsonEnabled(), this.warnings)
    return this.#progress
  }

  /**
   * Asks for the operator's code, where policies/totp.yaml asks for it before this command. Called
   * when something is about to be changed, so that a dry run uses no code up.
   */
  protected async askOperator(config: Config, isAsked = true): Promise<void> {
    if (!isAsked) return
    const { confirmOperator } = await import('./operator-code.ts')
    await confirmOperator((this.id ?? '').replaceAll(':', ' '), config, this.progress)
  }

  protected override async parse<
    F extends Record<string, unknown>,
    B extends Record<string, unknown>,
    A extends Record<string, unknown>,
  >(options?: Input<F, B, A>, argv?: string[]): Promise<ParserOutput<F, B, A>> {
    const parsed = await super.parse(options, argv)
    const flags: Record<string, unknown> = parsed.flags
    this.#flags = flags
    return parsed
  }

  async run(): Promise<unknown> {
    // Only a terminal has columns.
    if (process.stdout.columns) setTextWidth(process.stdout.columns)
    const { result, text, status = EXIT.DONE } = await this.execute()
    if (isInterrupted()) return undefined
    this.#warnOfUnsteady(result)
    this.#progress?.done()
    process.exitCode = status
    if (!this.jsonEnabled() && text) process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
    return { version: 1, status, result, warnings: this.warnings }
  }

  /** Some commands have them in their result. */
  #warnOfUnsteady(result: Result): void {
    if ('unsteady' in result) return
    for (const { name, problem } of allUnsteadyReads()) {
      this.progress.warn(`the way to the storage changes bytes: ${name}: ${problem}`)
    }
  }

  /** main.ts prints it. */
  override async catch(error: Error): Promise<never> {
    this.#progress?.failed()
    throw new FailedRun(error, this.warnings)
  }

  override logJson(document: unknown): void {
    printJson(document)
  }
}
