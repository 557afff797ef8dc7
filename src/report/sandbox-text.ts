/** What the text shows of a sandbox. */
interface ShownSandbox {
  engine: string
  name: string
  state: string
  pid: number | null
  port: number | null
  socketPath: string | null
  folder: string
}

/** `ecomdb sandbox status` for people. */
export function sandboxesText(sandboxes: readonly ShownSandbox[]): string {
  if (sandboxes.length === 0) {
    return 'there is no sandbox: `ecomdb sandbox start` makes one'
  }
  return sandboxes
    .map(({ engine, name, state, pid, port, socketPath, folder }) =>
      [
        `${engine} ${name}: ${state}${pid ? ` (pid ${pid})` : ''}`,
        ...(socketPath ? [`  socket ${socketPath}`] : []),
        ...(state === 'running' ? [`  port   ${port ?? 'none'}`] : []),
        `  folder ${folder}`,
        ...(state === 'crashed' ? ['  `ecomdb sandbox start` brings it back on its data'] : []),
      ].join('\n'),
    )
    .join('\n')
}
