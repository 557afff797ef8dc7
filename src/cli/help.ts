import type { Command } from '@oclif/core/command'
import { CommandHelp, Help } from '@oclif/core/help'
import { EXIT_MEANING } from '#core/errors'
import { type DescribedCommand, exitStatusesOf } from './exit-statuses.ts'

/** oclif's help with one more section, made from the table of exit statuses. */
class CommandHelpWithExitStatus extends CommandHelp {
  /** A flag that stands in two groups of alternatives leaves a hole in the second one. */
  protected override defaultUsage(): string {
    return super.defaultUsage().replaceAll(' |  | ', ' | ').replaceAll(' | ]', ']')
  }

  protected override sections(): ReturnType<CommandHelp['sections']> {
    return [...super.sections(), { header: 'EXIT STATUS', generate: ({ cmd }) => exitStatus(cmd) }]
  }
}

export class HelpWithExitStatus extends Help {
  protected override CommandHelpClass = CommandHelpWithExitStatus
}

function exitStatus(command: Command.Cached | Command.Class | Command.Loadable): string {
  return exitStatusesOf(command as DescribedCommand)
    .map(status => `${String(status).padStart(3)}  ${EXIT_MEANING[status]}`)
    .join('\n')
}
