let columns = Number.POSITIVE_INFINITY

/** How wide the terminal is, in columns; Infinity where text goes to a file or a program. */
export function textWidth(): number {
  return columns
}

/** Said once, by the command line. */
export function setTextWidth(width: number): void {
  columns = width
}
