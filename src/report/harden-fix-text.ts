import type { HardenReport } from '#domain/hardening/harden-report'
import { countLine } from './harden-text.ts'

/** Structurally what `ecomdb harden fix` gives back. */
interface FixResult {
  before: HardenReport
  after: HardenReport | null
  steps: readonly {
    check: string
    kind: string
    text: string
    lines: readonly string[]
    outcome: 'planned' | 'done' | 'skipped' | 'refused' | 'undone'
    skipped: string | null
    reason: string | null
  }[]
}

/** What is or would be executed, what a person has to do, and what came of it. */
export function hardenFixText({ before, after, steps }: FixResult): string {
  const run = steps.filter(({ outcome }) => outcome !== 'skipped')
  const left = steps.filter(({ kind, outcome }) => outcome === 'skipped' && kind !== 'file')
  const lines = fileLines(steps)
  return [
    after ? 'executed:' : 'would be executed with --confirm:',
    ...(run.length ? run.map(stepLine) : ['  nothing']),
    ...(left.length ? ['', 'left to you:'] : []),
    ...left.flatMap(({ check, text, skipped }) => [
      `  ${check}  ${text}`,
      `         ${skipped ?? ''}`,
    ]),
    ...(lines.length ? ['', 'for the configuration file:', ...lines] : []),
    '',
    ...(after
      ? [`before: ${countLine(before)}`, `after:  ${countLine(after)}`]
      : [countLine(before)]),
  ].join('\n')
}

function stepLine({ check, text, outcome, reason }: FixResult['steps'][number]): string {
  const note = outcome === 'refused' ? 'the server refused it: ' : 'put back: '
  return `  ${check}  ${text};${reason ? `\n         ${note}${reason}` : ''}`
}

/** What was refused or put back is not to come with the next restart. */
function fileLines(steps: FixResult['steps']): string[] {
  const wanted = steps.filter(
    ({ kind, outcome }) => kind === 'file' || outcome === 'planned' || outcome === 'done',
  )
  const all = [...new Set(wanted.flatMap(({ lines }) => lines))]
  const sections = all.filter(text => text.startsWith('['))
  return [...sections, ...all.filter(text => !text.startsWith('['))].map(text => `  ${text}`)
}
