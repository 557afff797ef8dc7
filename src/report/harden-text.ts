import type { CheckedItem, HardenReport } from '#domain/hardening/harden-report'

const MARK: Record<CheckedItem['verdict'], string> = {
  pass: 'ok  ',
  fail: 'FAIL',
  waived: 'waiv',
  'not-applicable': '-   ',
}

/** One line a check; what was found and what mends it under those that need it. */
export function hardenReportText(report: HardenReport): string {
  const { server, checks, idleWaivers } = report
  return [
    `${server.engine} ${server.version}, seen as ${server.account}`,
    '',
    ...checks.flatMap(checkLines),
    ...(idleWaivers.length > 0 ? ['', 'waivers without effect:'] : []),
    ...idleWaivers.map(({ waiver, why }) => `  ${waiver.check} (${waiver.reason}): ${why}`),
    '',
    countLine(report),
  ].join('\n')
}

export function countLine({ counts, score }: HardenReport): string {
  const { pass, fail, waived, notApplicable } = counts
  const parts = [
    `${fail} of ${pass + fail + waived} checks failed`,
    ...(waived ? [`${waived} waived`] : []),
    ...(notApplicable ? [`${notApplicable} not applicable`] : []),
  ]
  return `${parts.join(', ')}; score ${score} of 100`
}

function checkLines(item: CheckedItem): string[] {
  const { id, title, severity, verdict, evidence, fix } = item
  const head = `${MARK[verdict]}  ${id}  ${title}`
  if (verdict === 'pass') return [head]
  if (verdict === 'not-applicable') return [head, `           ${evidence[0]?.detail ?? ''}`]
  return [
    `${head} (${severity})`,
    ...evidence.flatMap(({ detail, waiver }) => [
      `           ${detail}`,
      ...(waiver ? [`             waived until ${waiver.until}: ${waiver.reason}`] : []),
    ]),
    ...(verdict === 'fail' ? mendLines(fix) : []),
  ]
}

function mendLines({ online, configFile, advice }: CheckedItem['fix']): string[] {
  return [
    ...online.map(statement => `           fix: ${statement}`),
    ...(configFile.length ? ['           in the configuration file:'] : []),
    ...configFile.map(text => `             ${text}`),
    ...advice.map(text => `           next: ${text}`),
  ]
}
