/** A ```console block of a Markdown file: what a reader types and then sees. */
export interface ConsoleBlock {
  file: string
  /** Of the opening fence, from 1. */
  line: number
  /**
   * What must be there before, e.g. "shop": ```console state=shop. A block that says
   * `continue` goes on where the one before it ended, and is read as a part of that one.
   */
  state: string
  steps: readonly ConsoleStep[]
}

interface ConsoleStep {
  /** Without the prompt; continued lines are joined as the shell reads them. */
  command: string
  /** Lines shown below it; null when none is, and then any output is right. */
  output: readonly string[] | null
  /** 0, or what `echo $?` right after it shows. */
  status: number
}

const FENCE = /^```console(?: (?:state=(\w+)|(continue)))?$/

/** @throws Error for a block that is not closed or starts with something else than a command */
export function consoleBlocks(file: string, markdown: string): ConsoleBlock[] {
  const lines = markdown.split('\n')
  const blocks: ConsoleBlock[] = []
  for (let at = 0; at < lines.length; at += 1) {
    const opening = FENCE.exec(lines[at] ?? '')
    if (!opening) continue
    const end = lines.indexOf('```', at)
    if (end < 0) throw new Error(`${file}:${at + 1}: the block is not closed`)
    const steps = withStatuses(stepsOf(lines.slice(at + 1, end), `${file}:${at + 1}`))
    const before = blocks.at(-1)
    if (opening[2] && before) before.steps = [...before.steps, ...steps]
    else blocks.push({ file, line: at + 1, state: opening[1] ?? 'empty', steps })
    at = end
  }
  return blocks
}

function stepsOf(lines: readonly string[], place: string): ConsoleStep[] {
  const steps: { command: string; output: string[] | null; status: number }[] = []
  for (const line of lines) {
    const last = steps.at(-1)
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), output: null, status: 0 })
    else if (!last) throw new Error(`${place}: a block begins with "$ command"`)
    else if (line.startsWith('> ') && last.output === null) last.command += `\n${line.slice(2)}`
    else last.output = [...(last.output ?? []), line]
  }
  return steps
}

/** `echo $?` is no step of its own: it says how the command before it ends. */
function withStatuses(steps: readonly ConsoleStep[]): ConsoleStep[] {
  return steps.flatMap((step, at) => {
    if (step.command === 'echo $?') return []
    const next = steps[at + 1]
    const status = next?.command === 'echo $?' ? Number(next.output?.[0]) : 0
    return [{ ...step, status }]
  })
}

/**
 * Does the output look as shown? "…" inside a line stands for any text in it; a line that
 * is "…" alone stands for any lines, also none.
 */
export function looksAsShown(shown: readonly string[], output: string): boolean {
  const pattern = shown
    .map(line => line.trimEnd())
    .map(line =>
      line.trim() === '…' ? '(?:.*\n)*' : `${line.split('…').map(literal).join('.*')}\n`,
    )
    .join('')
  const lines = output.split('\n').map(line => line.trimEnd())
  return new RegExp(`^${pattern}$`).test(`${lines.join('\n').trimEnd()}\n`)
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
