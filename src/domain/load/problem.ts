/** Why a value cannot go into its column: "is no date". */
export class Problem {
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}

/** The value as the server would print it, or why it cannot be stored. */
export type Checked = string | Problem
