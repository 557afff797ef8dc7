/** `ecomdb schedule show`: the text that would be written, ready for a file. */
export function serviceFilesText(files: readonly { path: string; text: string }[]): string {
  return files.map(({ path, text }) => `# ${path}\n${text}`).join('\n')
}

/** `ecomdb schedule install` and `remove` for people. */
export function installText(
  report: {
    dryRun: boolean
    files: readonly { path: string; text: string }[]
    ran: readonly string[]
    verified: boolean | null
    next: readonly string[]
  },
  verb: 'wrote' | 'removed',
): string {
  const { dryRun, files, ran, verified, next } = report
  if (files.length === 0) return 'nothing was there'
  if (!dryRun && ran.length + next.length === 0) return 'nothing had to be changed'
  if (dryRun)
    return `${serviceFilesText(files)}\nnothing was changed${verb === 'wrote' ? ': --dry-run' : '; do it with --confirm ecomdb, or what --name says'}`
  return [
    ...files.map(({ path }) => `${path === 'crontab' ? 'changed' : verb} ${path}`),
    ...(verified ? ['checked with systemd-analyze verify'] : []),
    ...ran.map(command => `ran ${command}`),
    ...next.map(command => `next: \`${command}\``),
  ].join('\n')
}
