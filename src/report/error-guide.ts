import { ERROR_CODES, type ErrorCode, EXIT_MEANING, type ExitStatus } from '#core/errors'

/** One row of the table of errors. */
export interface ErrorEntry {
  code: ErrorCode
  exitStatus: ExitStatus
  meaning: string
  advice: string
}

/** The whole table, by exit status. */
export function errorEntries(): ErrorEntry[] {
  return Object.entries(ERROR_CODES)
    .map(([code, [exitStatus, meaning, advice]]) => {
      return { code: code as ErrorCode, exitStatus, meaning, advice }
    })
    .sort((a, b) => a.exitStatus - b.exitStatus)
}

/** The entries of a code, in any case, or of an exit status; none when there is no such. */
export function findErrors(codeOrStatus: string): ErrorEntry[] {
  return errorEntries().filter(
    ({ code, exitStatus }) =>
      code === codeOrStatus.toUpperCase() || String(exitStatus) === codeOrStatus,
  )
}

/** For the terminal. */
export function errorGuideText(entries: readonly ErrorEntry[]): string {
  return entries
    .map(
      ({ code, exitStatus, meaning, advice }) =>
        `${code} (exit ${exitStatus})\n  ${meaning}\n  ${advice}\n`,
    )
    .join('\n')
}

/** docs/errors.md */
export function errorGuideMarkdown(): string {
  const statuses = Object.entries(EXIT_MEANING).map(
    ([status, meaning]) => `| ${status} | ${meaning} |`,
  )
  const codes = errorEntries().map(
    ({ code, exitStatus, meaning, advice }) =>
      `| \`${code}\` | ${exitStatus} | ${meaning} | ${advice} |`,
  )
  return `# Errors and exit statuses

Made from the table in src/core/errors.ts by \`npm run generate\`; \`ecomdb errors CODE\` prints
one of them. An error says what failed, why, and what to do next, and ends with its code. With
\`--json\` the same is \`{version, status, error: {code, what, why, hints}, warnings}\` on stdout,
and the exit status is the same; \`again: false\` in it says that another run fails as well until a person has changed
something. A status that is not listed means a failure.

## Exit statuses

| exit | meaning |
| ---- | ------- |
${statuses.join('\n')}

## Codes

| code | exit | when | what to do |
| ---- | ---- | ---- | ---------- |
${codes.join('\n')}
`
}
