import type { Config } from '@oclif/core/config'
import type { Request } from './find-command.ts'
import { captureStdout, drainOutput, lostOutput, printJson, tolerateClosedPipes } from './output.ts'
import { printError, printLost } from './render-error.ts'
import { handleCrashes, handleSignals, isInterrupted } from './signals.ts'

/**
 * One run of the program, whatever happens: every way out, also of help, of a wrong
 * command line and of a plugin's command, prints what --json promises and has a status of
 * the table in #core/errors.
 *
 * @param argv without the program's name
 * @param root the folder of the package.json that names the commands
 * @returns the exit status, after all output has left
 */
export async function main(argv: readonly string[], root: string): Promise<number> {
  tolerateClosedPipes()
  const asksJson = beforeDashes(argv).includes('--json')
  handleSignals(asksJson)
  handleCrashes(asksJson)
  const status = await attempt(argv, root, asksJson)
  // A signal's handler prints and exits by itself; nothing may be said after it.
  if (isInterrupted()) await new Promise(() => {})
  await drainOutput()
  const lost = lostOutput()
  return lost ? printLost(lost, status) : status
}

async function attempt(argv: readonly string[], root: string, asksJson: boolean): Promise<number> {
  try {
    if (isRootHelp(argv)) return await showRootHelp(root, asksJson)
    const { Config } = await import('@oclif/core/config')
    const config = await Config.load({ root })
    const { findCommand } = await import('./find-command.ts')
    const request = findCommand(argv, config)
    await perform(request, config)
    return Number(process.exitCode ?? 0)
  } catch (thrown) {
    if (isInterrupted()) return 0
    return printError(thrown, asksJson)
  }
}

/** Nothing at all, --help alone, or help: what people try first, so it is quick. */
function isRootHelp(argv: readonly string[]): boolean {
  return argv.every(argument => ['--help', 'help', '--json'].includes(argument))
}

async function showRootHelp(root: string, json: boolean): Promise<number> {
  const { rootHelp } = await import('./root-help.ts')
  const text = rootHelp(root, process.stdout.columns)
  if (json) printJson({ version: 1, status: 0, result: { text }, warnings: [] })
  else process.stdout.write(text)
  return 0
}

async function perform(request: Request, config: Config): Promise<void> {
  const { kind, command, words, rest, json } = request
  if (kind === 'run' && command?.pluginName === config.name) {
    await config.runCommand(command.id, rest, command)
    return
  }
  const work = async (): Promise<void> => {
    if (kind === 'version') process.stdout.write(`${config.userAgent}\n`)
    else if (kind === 'help') await showHelp(words, config)
    else if (command) await config.runCommand(command.id, withoutJson(rest), command)
  }
  if (!json) return await work()
  // Help, version and plugins' commands only know text.
  const text = await captureStdout(work)
  printJson({ version: 1, status: 0, result: { text }, warnings: [] })
}

async function showHelp(words: readonly string[], config: Config): Promise<void> {
  const { HelpWithExitStatus } = await import('./help.ts')
  await new HelpWithExitStatus(config, config.pjson.oclif.helpOptions).showHelp([
    words.join(':'),
    '--help',
  ])
}

function beforeDashes(argv: readonly string[]): readonly string[] {
  const dashes = argv.indexOf('--')
  return dashes < 0 ? argv : argv.slice(0, dashes)
}

function withoutJson(argv: readonly string[]): string[] {
  return argv.filter(argument => argument !== '--json')
}
