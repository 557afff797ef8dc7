import type { Command } from '@oclif/core/command'
import type { Config } from '@oclif/core/config'
import { closest } from '#core/closest'
import { EcomdbError } from '#core/errors'

/** What the user asked for, before any flag of the command is read. */
export interface Request {
  kind: 'run' | 'help' | 'version'
  /** null: help for ecomdb itself, or for a group of commands. */
  command: Command.Loadable | null
  /** The words that name the command or group. */
  words: readonly string[]
  /** What is left for the command to parse. */
  rest: string[]
  json: boolean
}

/** Flags without a value that may also stand before the command. */
const LEADING = ['--json', '--quiet', '-q', '--help', '--version']

/**
 * Finds the command in the command line. oclif's own lookup shows a group's help and exits
 * 0 for `ecomdb backup` and for a wrong word after it; a cron job with such a mistake must
 * fail, so here both are wrong usage.
 *
 * @throws EcomdbError USAGE with a suggestion
 */
export function findCommand(argv: readonly string[], config: Config): Request {
  const { leading, words, rest } = split(argv)
  const flags = [...leading, ...untilDashes(rest)]
  const json = flags.includes('--json')
  if (leading.includes('--version')) return { kind: 'version', command: null, words, rest, json }
  const help = flags.includes('--help') || words[0] === 'help' || argv.length === 0
  const named = words[0] === 'help' ? words.slice(1) : words
  const given = leading.filter(flag => flag !== '--help')
  for (let length = named.length; length > 0; length -= 1) {
    const command = config.findCommand(named.slice(0, length).join(':'))
    if (!command) continue
    return {
      kind: help ? 'help' : 'run',
      command,
      words: named.slice(0, length),
      rest: [...named.slice(length), ...rest, ...given],
      json,
    }
  }
  const isGroup = named.length === 0 || config.findTopic(named.join(':')) !== undefined
  if (help && isGroup) return { kind: 'help', command: null, words: named, rest, json }
  if (named.length === 0 && rest[0]?.startsWith('-')) throw flagFirst(rest, config)
  throw isGroup ? incomplete(named, config) : unknown(named, config)
}

function split(argv: readonly string[]): { leading: string[]; words: string[]; rest: string[] } {
  const start = argv.findIndex(argument => !LEADING.includes(argument))
  const leading = argv.slice(0, start < 0 ? argv.length : start)
  const others = argv.slice(leading.length)
  const end = others.findIndex(argument => argument.startsWith('-'))
  const words = others.slice(0, end < 0 ? others.length : end)
  // oclif's own way of writing an id, "backup:logical", is understood as well.
  const [first, ...more] = words
  return {
    leading,
    words: first === undefined ? [] : [...first.split(':'), ...more],
    rest: others.slice(words.length),
  }
}

function untilDashes(argv: readonly string[]): readonly string[] {
  const dashes = argv.indexOf('--')
  return dashes < 0 ? argv : argv.slice(0, dashes)
}

function visibleCommands(config: Config): string[] {
  return config.commands
    .filter(command => !command.hidden)
    .map(command => command.id.replaceAll(':', ' '))
    .sort()
}

/** `ecomdb --config FILE backup list`, as some other programs have it. */
function flagFirst(rest: readonly string[], config: Config): EcomdbError {
  const places = rest.map((_, at) => rest.slice(at).filter(word => !word.startsWith('-')))
  const command = places
    .flatMap(words => [words.slice(0, 2).join(' '), words.slice(0, 1).join(' ')])
    .find(id => visibleCommands(config).includes(id))
  return new EcomdbError('USAGE', {
    what: `no command is given before ${rest[0]}`,
    why: 'flags come after the command that they are for',
    hints: [
      `for example: \`ecomdb ${command ?? 'backup list'} ${rest[0]} …\``,
      'run `ecomdb --help`',
    ],
  })
}

function incomplete(words: readonly string[], config: Config): EcomdbError {
  const group = words.join(' ')
  const commands = visibleCommands(config).filter(id => !group || id.startsWith(`${group} `))
  return new EcomdbError('USAGE', {
    what: group ? `\`ecomdb ${group}\` needs one more word` : 'no command is given',
    why: `commands: ${commands.join(', ')}`,
    hints: [`run \`ecomdb ${group ? `${group} ` : ''}--help\``],
  })
}

function unknown(words: readonly string[], config: Config): EcomdbError {
  const ids = visibleCommands(config)
  const typed = words.join(' ')
  const meant = suggestion(words, ids)
  const group = words[0] && ids.some(id => id.startsWith(`${words[0]} `)) ? `${words[0]} ` : ''
  return new EcomdbError('USAGE', {
    what: `there is no command \`${typed}\``,
    hints: [
      ...(meant ? [`did you mean \`ecomdb ${meant}\`?`] : []),
      `run \`ecomdb ${group}--help\` for the list of commands`,
    ],
  })
}

/** By all words, by the first ones (the others may be arguments), or by a lone last word. */
function suggestion(words: readonly string[], ids: readonly string[]): string | null {
  const groups = ids.map(id => id.split(' ').slice(0, -1).join(' ')).filter(group => group)
  for (let length = words.length; length > 0; length -= 1) {
    const meant = closest(words.slice(0, length).join(' '), [...ids, ...new Set(groups)])
    // The right group with a wrong word after it: its list of commands is the hint.
    if (meant && meant !== words[0]) return meant
  }
  return ids.find(id => words.length === 1 && id.endsWith(` ${words[0]}`)) ?? null
}
