/** Structurally what `ecomdb doctor` gives back. */
interface DoctorFindings {
  findings: readonly { status: string; subject: string; detail: string; next?: string }[]
  warnings: number
  failures: number
}

/** One line a check; what to do next under those that need it. */
export function doctorText({ findings, warnings, failures }: DoctorFindings): string {
  const width = Math.max(...findings.map(({ subject }) => subject.length))
  const margin = ' '.repeat(6 + width + 2)
  const lines = findings.flatMap(({ status, subject, detail, next }) => [
    `${status.padEnd(4)}  ${subject.padEnd(width)}  ${detail.replaceAll('\n', `\n${margin}`)}`,
    ...(next ? [`${margin}next: ${next}`] : []),
  ])
  const verdict =
    warnings + failures === 0
      ? 'nothing needs to be done'
      : `${failures} to repair, ${warnings} to look at`
  return [...lines, '', verdict].join('\n')
}
