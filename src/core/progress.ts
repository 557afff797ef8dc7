/**
 * How long work tells what it does. Workflows report; the CLI picks a bar (terminal),
 * lines with a heartbeat (no terminal), JSON events, or nothing.
 */
export interface Progress {
  /** A named step begins, e.g. "reading rows". The step before it is over. */
  stage(name: string): void
  /** How much there is to do in this stage; leave out what is not known. Units: bytes, items. */
  total(amount: { bytes?: number; items?: number }): void
  /** This much more is done. */
  advance(amount: { bytes?: number; items?: number }): void
  /** Something that the user should know although the work goes on. */
  warn(message: string): void
  /** All stages are over. */
  done(): void
}

/** Reports nothing. Warnings are kept for the JSON document. */
export function silentProgress(warnings: string[] = []): Progress {
  return {
    stage() {},
    total() {},
    advance() {},
    warn: message => {
      warnings.push(message)
    },
    done() {},
  }
}
