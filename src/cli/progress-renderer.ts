import { type Progress, silentProgress } from '#core/progress'
import { formatBytes, formatCount, formatDuration } from '#core/units'

export const PROGRESS_MODES = ['auto', 'bar', 'lines', 'json', 'none'] as const
type ProgressMode = (typeof PROGRESS_MODES)[number]

/** The parsed flags that choose. */
export interface ProgressFlags {
  progress?: unknown
  quiet?: unknown
}

const HEARTBEAT_MS = 10_000
const REDRAW_MS = 100
const BAR_WIDTH = 24

/** Progress that also knows that the work ended badly. */
export interface ProgressRenderer extends Progress {
  /** The stage under way did not come to its end. */
  failed(): void
}

/**
 * A bar on a terminal, lines with a heartbeat elsewhere; none with --json, whose document has the warnings,
 * or with --quiet. That is for jobs, and a warning is what their mail is for.
 */
export function chooseProgress(
  flags: ProgressFlags,
  json: boolean,
  warnings: string[],
): ProgressRenderer {
  const mode = modeOf(flags, json)
  if (mode === 'none') return withoutProgress(json, warnings)
  if (mode === 'json') return jsonProgress(warnings)
  return new TextProgress(mode === 'bar', warnings)
}

function modeOf(flags: ProgressFlags, json: boolean): Exclude<ProgressMode, 'auto'> {
  const asked = PROGRESS_MODES.find(mode => mode === flags.progress)
  if (asked && asked !== 'auto') return asked
  if (json || flags.quiet) return 'none'
  const terminal = process.stderr.isTTY && !process.env['CI'] && process.env['TERM'] !== 'dumb'
  return terminal ? 'bar' : 'lines'
}

function withoutProgress(json: boolean, warnings: string[]): ProgressRenderer {
  const silent = { ...silentProgress(warnings), failed() {} }
  if (json) return silent
  return {
    ...silent,
    warn: message => {
      silent.warn(message)
      writeWarning(message)
    },
  }
}

function writeWarning(message: string): void {
  process.stderr.write(`warning: ${message}\n`)
}

/** One JSON object a line on stderr: `{event, …}`. */
function jsonProgress(warnings: string[]): ProgressRenderer {
  const emit = (event: string, data: object): void => {
    process.stderr.write(`${JSON.stringify({ event, ...data })}\n`)
  }
  return {
    stage: name => emit('stage', { name }),
    total: amount => emit('total', amount),
    advance: amount => emit('advance', amount),
    warn: message => {
      warnings.push(message)
      emit('warning', { message })
    },
    done: () => emit('done', {}),
    failed: () => emit('failed', {}),
  }
}

class TextProgress implements ProgressRenderer {
  readonly #live: boolean
  readonly #warnings: string[]
  #name = ''
  #startedMs = 0
  #drawnMs = 0
  #done = { bytes: 0, items: 0 }
  #total = { bytes: 0, items: 0 }
  #heartbeat: NodeJS.Timeout | undefined

  constructor(live: boolean, warnings: string[]) {
    this.#live = live
    this.#warnings = warnings
  }

  stage(name: string): void {
    this.#finishStage()
    this.#name = name
    this.#startedMs = performance.now()
    this.#drawnMs = this.#startedMs
    this.#done = { bytes: 0, items: 0 }
    this.#total = { bytes: 0, items: 0 }
    if (this.#live) this.#draw()
    // A step that waits (for a lock, for a server) reports nothing of its own.
    else this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS).unref()
  }

  total(amount: { bytes?: number; items?: number }): void {
    this.#total = { bytes: amount.bytes ?? 0, items: amount.items ?? 0 }
  }

  advance(amount: { bytes?: number; items?: number }): void {
    this.#done.bytes += amount.bytes ?? 0
    this.#done.items += amount.items ?? 0
    const now = performance.now()
    if (!this.#live || now - this.#drawnMs < REDRAW_MS) return
    this.#drawnMs = now
    this.#draw()
  }

  warn(message: string): void {
    this.#warnings.push(message)
    this.#clear()
    writeWarning(message)
  }

  done(): void {
    this.#finishStage()
  }

  failed(): void {
    this.#finishStage('  failed after')
  }

  #finishStage(verdict = ''): void {
    if (!this.#name) return
    clearInterval(this.#heartbeat)
    this.#clear()
    process.stderr.write(`${this.#line()}${verdict}  ${this.#elapsed()}\n`)
    this.#name = ''
  }

  #beat(): void {
    process.stderr.write(`${this.#line()}  ${this.#elapsed()} …\n`)
  }

  #elapsed(): string {
    return formatDuration(performance.now() - this.#startedMs)
  }

  #line(): string {
    const { bytes, items } = this.#done
    const parts = [
      ...(items
        ? [
            // A total may be the server's estimate: one that was passed says nothing.
            `${formatCount(items)}${this.#total.items >= items ? ` of ${formatCount(this.#total.items)}` : ''}`,
          ]
        : []),
      ...(bytes ? [formatBytes(bytes)] : []),
    ]
    return `  ${this.#name}${parts.length ? `  ${parts.join('  ')}` : ''}`
  }

  #draw(): void {
    const seconds = (performance.now() - this.#startedMs) / 1000
    const share = this.#share()
    const bar =
      share === null ? '' : ` [${'='.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH)}]`
    const rate =
      this.#done.bytes && seconds > 0.5
        ? `  ${formatBytes(Math.round(this.#done.bytes / seconds))}/s`
        : ''
    const left =
      share && share > 0.02 ? `  ${formatDuration((seconds / share - seconds) * 1000)} left` : ''
    this.#clear()
    // A line that wraps could not be cleared: parts that do not fit are left out.
    const room = (process.stderr.columns || 80) - 1
    const line = [bar, left, rate].reduce(
      (text, part) => (text.length + part.length > room ? text : text + part),
      this.#line(),
    )
    process.stderr.write(line.slice(0, room))
  }

  #share(): number | null {
    if (this.#total.bytes) return Math.min(1, this.#done.bytes / this.#total.bytes)
    if (this.#total.items) return Math.min(1, this.#done.items / this.#total.items)
    return null
  }

  #clear(): void {
    if (this.#live) process.stderr.write('\r\x1b[K')
  }
}
