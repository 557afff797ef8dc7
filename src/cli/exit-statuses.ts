import { EXIT, type ExitStatus } from '#core/errors'

/** What of a command, in oclif.manifest.json, tells how it can end. */
export interface DescribedCommand {
  flags?: Readonly<Record<string, unknown>>
  /** BaseCommand.exits: what the flags do not tell. */
  exits?: readonly ExitStatus[]
  /** BaseCommand.onlyExits: instead of what the flags tell. */
  onlyExits?: readonly ExitStatus[] | null
}

/**
 * The exit statuses that a command can have: those of every command, those of what its
 * flags let it use, and those that it declares.
 */
export function exitStatusesOf({ flags, exits = [], onlyExits }: DescribedCommand): ExitStatus[] {
  const own = onlyExits ?? [...exits, ...statusesOfFlags(flags ?? {})]
  const found = new Set<ExitStatus>([EXIT.DONE, EXIT.BUG, EXIT.USAGE, EXIT.INTERRUPTED, ...own])
  return [...found].sort((a, b) => a - b)
}

function statusesOfFlags(flags: Readonly<Record<string, unknown>>): ExitStatus[] {
  const found: ExitStatus[] = []
  if ('config' in flags) found.push(EXIT.BAD_CONFIGURATION)
  if ('socket' in flags) {
    found.push(EXIT.SERVER_UNREACHABLE, EXIT.PRIVILEGE_MISSING, EXIT.AUTHENTICATION_REFUSED)
    found.push(EXIT.TOOL_FAILED)
  }
  if ('target' in flags) found.push(EXIT.NO_REPOSITORY, EXIT.VERIFICATION_FAILED, EXIT.TOOL_FAILED)
  if ('identity' in flags) found.push(EXIT.WRONG_IDENTITY)
  return found
}
