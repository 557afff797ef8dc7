import { EXIT, type ExitStatus } from '#core/errors'

/** What of a command, in oclif.manifest.json, tells how it can end. */
export interface DescribedCommand {
  flags?: Readonly<Record<string, unknown>>
  /** BaseCommand.exits: what the flags do not tell. */
  exits?: readonly ExitStatus[]
}

/**
 * The exit statuses that a command can have: those of every command, those of what its
 * flags let it use, and those that it declares.
 */
export function exitStatusesOf({ flags = {}, exits = [] }: DescribedCommand): ExitStatus[] {
  const found = new Set<ExitStatus>([EXIT.DONE, EXIT.BUG, EXIT.USAGE, EXIT.INTERRUPTED, ...exits])
  const add = (...statuses: ExitStatus[]): void => {
    for (const status of statuses) found.add(status)
  }
  if ('config' in flags) add(EXIT.BAD_CONFIGURATION)
  if ('socket' in flags) {
    add(EXIT.SERVER_UNREACHABLE, EXIT.PRIVILEGE_MISSING, EXIT.AUTHENTICATION_REFUSED)
    add(EXIT.TOOL_FAILED)
  }
  if ('target' in flags) add(EXIT.NO_REPOSITORY, EXIT.VERIFICATION_FAILED, EXIT.TOOL_FAILED)
  if ('identity' in flags) add(EXIT.WRONG_IDENTITY)
  return [...found].sort((a, b) => a - b)
}
