/** What of oclif.manifest.json a completion is made from. */
export interface CompletedCommand {
  id: string
  summary?: string
  hidden?: boolean
  flags?: Readonly<Record<string, CompletedFlag>>
}

interface CompletedFlag {
  name: string
  char?: string
  summary?: string
  type: 'boolean' | 'option'
  options?: readonly string[]
  allowNo?: boolean
  hidden?: boolean
}

/**
 * Completion for fish, which oclif's own plugin does not have (4.0.5: bash, zsh, PowerShell): every
 * command, group and flag with its summary. It is text alone, and asks no program while you type.
 *
 * @param topics the groups' descriptions
 */
export function fishCompletion(
  commands: readonly CompletedCommand[],
  topics: Readonly<Record<string, { description: string }>>,
): string {
  const shown = commands.filter(({ hidden }) => !hidden)
  const words = new Map<string, string>()
  for (const { id, summary = '' } of shown) {
    const parts = id.split(':')
    for (const depth of parts.keys()) {
      const path = parts.slice(0, depth + 1).join(' ')
      if (depth === parts.length - 1) words.set(path, summary)
      else if (!words.has(path)) words.set(path, topics[path]?.description ?? '')
    }
  }
  const lines = [...words].toSorted().map(([path, about]) => {
    const before = path.split(' ').slice(0, -1).join(' ')
    const word = path.split(' ').at(-1) ?? ''
    return `complete -c ecomdb -n ${quoted(`__ecomdb_at ${quoted(before)}`)} -a ${word} -d ${quoted(about)}`
  })
  return [HEAD, ...lines, ...shown.flatMap(flagLines), ''].join('\n')
}

const HEAD = `# fish completion of ecomdb: save it as ~/.config/fish/completions/ecomdb.fish
function __ecomdb_words --description 'the words before the cursor, without flags'
    string join ' ' -- (string match --invert -- '-*' (commandline --tokenize --current-process --cut-at-cursor)[2..-1])
end
function __ecomdb_at --description 'are these all of the words'
    set -l words (__ecomdb_words)
    test "$words" = "$argv[1]"
end
function __ecomdb_in --description 'do the words begin with these'
    set -l words (__ecomdb_words)
    string match --quiet -- "$argv[1] *" "$words "
end
complete -c ecomdb -f
complete -c ecomdb -l help -d 'flags, examples and exit statuses'
complete -c ecomdb -l json -d 'one JSON document on stdout'`

function flagLines({ id, flags = {} }: CompletedCommand): string[] {
  const condition = quoted(`__ecomdb_in ${quoted(id.replaceAll(':', ' '))}`)
  return Object.values(flags)
    .filter(({ name, hidden }) => !hidden && name !== 'json')
    .map(({ name, char, summary = '', type, options }) => {
      const value = options
        ? ` -x -a ${quoted(options.join(' '))}`
        : type === 'option'
          ? ' -r -F'
          : ''
      return `complete -c ecomdb -n ${condition} -l ${name}${char ? ` -s ${char}` : ''}${value} -d ${quoted(summary)}`
    })
}

/** In fish a backslash and a quote are all that a single-quoted text escapes. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
