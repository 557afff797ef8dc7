import { readFileSync } from 'node:fs'

/** The parts of package.json and oclif.manifest.json that the first help page shows. */
interface Package {
  version: string
  description: string
  oclif: { bin: string; topics?: Record<string, { description: string }> }
}
interface Manifest {
  commands: Record<string, { id: string; summary?: string; hidden?: boolean }>
}

const COMPLETION = ['autocomplete', 'how to complete commands and flags in your shell'] as const
const NARROWEST = 60
const WIDEST = 100

/**
 * The help of `ecomdb` itself: every command with its summary, by group. It is made without
 * oclif, whose loading takes three times as long as Node's own start.
 *
 * @param root the folder of package.json and oclif.manifest.json
 * @param columns the terminal's width
 */
export function rootHelp(root: string, columns = 80): string {
  const read = <Content>(name: string): Content =>
    JSON.parse(readFileSync(`${root}/${name}`, 'utf8')) as Content
  const { version, description, oclif } = read<Package>('package.json')
  const commands = Object.values(read<Manifest>('oclif.manifest.json').commands)
    .filter(({ hidden }) => !hidden)
    .map(({ id, summary }) => [id.replaceAll(':', ' '), summary ?? ''] as const)
    .concat([COMPLETION])
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  const width = Math.max(...commands.map(([id]) => id.length))
  const limit = Math.min(Math.max(columns, NARROWEST), WIDEST)
  const list = (group: string): string =>
    commands
      .filter(([id]) => (id.includes(' ') ? id.slice(0, id.indexOf(' ')) : '') === group)
      .map(([id, summary]) => `  ${id.padEnd(width)}  ${wrap(summary, limit, width + 4)}`)
      .join('\n')
  const named = commands.flatMap(([id]) => (id.includes(' ') ? [id.slice(0, id.indexOf(' '))] : []))
  const groups = [...new Set(named)]
  const sections = groups.map(group => {
    const about = oclif.topics?.[group]?.description
    return `${group.toUpperCase()}${about ? `: ${about}` : ''}\n${list(group)}`
  })
  return [
    wrap(description, limit, 0),
    `USAGE\n  $ ${oclif.bin} COMMAND [FLAGS]      version ${version}`,
    `COMMANDS\n${list('')}`,
    ...sections,
    `\`${oclif.bin} COMMAND --help\` tells flags, examples and exit statuses.\n`,
  ].join('\n\n')
}

/** Breaks at spaces; further lines are indented by `margin`. */
function wrap(text: string, limit: number, margin: number): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line && margin + line.length + 1 + word.length > limit) {
      lines.push(line)
      line = word
    } else {
      line = line ? `${line} ${word}` : word
    }
  }
  return [...lines, line].join(`\n${' '.repeat(margin)}`)
}
