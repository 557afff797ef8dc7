import type { CheckedItem, HardenReport } from '#domain/hardening/harden-report'
import { countLine } from './harden-text.ts'
import {
  badge,
  code,
  factTable,
  figures,
  type Html,
  line,
  list,
  renderPage,
  section,
  type TableRow,
  type Tone,
  table,
  together,
} from './page.ts'

/** The hardening report for a manager or an auditor. */
export function hardenReportHtml(report: HardenReport): string {
  const { server, counts, checkedAt } = report
  const good = counts.fail === 0
  const day = checkedAt.slice(0, 10)
  return renderPage({
    title: `Hardening of ${server.engine} ${server.version}, ${day}`,
    verdict: { text: good ? 'No findings' : 'Findings', tone: good ? 'good' : 'bad' },
    heading: `Hardening of the ${server.engine} server`,
    lead: leadOf(report),
    body: [
      summary(report),
      ...group('To be mended', report, 'fail'),
      ...group('Lived with for a time', report, 'waived'),
      ...group('As it should be', report, 'pass'),
      ...group('Not applicable here', report, 'not-applicable'),
      ...idle(report),
      section('About this report', about(report)),
    ],
    footer: countLine(report),
  })
}

function leadOf({ checks, counts }: HardenReport): string {
  const grave = checks.filter(
    ({ verdict, severity }) => verdict === 'fail' && ['critical', 'high'].includes(severity),
  )
  if (counts.fail === 0) return 'Every check that applies to this server passed or is waived.'
  const first = grave.length
    ? `${grave.length} of them are critical or high: mend these first.`
    : 'None of them is critical or high.'
  return `${counts.fail} checks failed. ${first}`
}

function summary({ counts, score }: HardenReport): Html {
  const applicable = counts.pass + counts.fail + counts.waived
  return figures([
    { label: 'Score', value: `${score}`, note: 'of 100, weighed by severity' },
    {
      label: 'Failed',
      value: `${counts.fail}`,
      note: `of ${applicable} that apply`,
      tone: counts.fail ? 'bad' : 'good',
    },
    { label: 'Waived', value: `${counts.waived}`, tone: counts.waived ? 'warn' : 'plain' },
    { label: 'Passed', value: `${counts.pass}` },
    { label: 'Not applicable', value: `${counts.notApplicable}` },
  ])
}

const TONE: Record<CheckedItem['verdict'], Tone> = {
  pass: 'good',
  fail: 'bad',
  waived: 'warn',
  'not-applicable': 'plain',
}
const WORD: Record<CheckedItem['verdict'], string> = {
  pass: '✓ pass',
  fail: '✗ fail',
  waived: '~ waived',
  'not-applicable': '– none',
}

function group(heading: string, { checks }: HardenReport, verdict: CheckedItem['verdict']): Html[] {
  const items = checks.filter(item => item.verdict === verdict)
  if (items.length === 0) return []
  const columns = [
    { heading: 'Check', narrow: true },
    { heading: 'Verdict', narrow: true },
    { heading: 'What was found' },
  ]
  return [section(heading, table(columns, items.map(itemRow)))]
}

function itemRow(item: CheckedItem): TableRow {
  const { id, verdict, severity, title, why, references, evidence, fix } = item
  const wrong = verdict === 'fail' || verdict === 'waived'
  const found = evidence.map(({ detail, waiver }) =>
    waiver ? `${detail} (waived until ${waiver.until}: ${waiver.reason})` : detail,
  )
  return {
    tone: TONE[verdict],
    cells: [
      id,
      {
        markup: together(
          badge(WORD[verdict], TONE[verdict]),
          ...(wrong ? [line(severity, 'note')] : []),
        ),
      },
      {
        markup: together(
          line(title, 'strong'),
          ...(wrong ? [line(`Why: ${why}.`)] : []),
          list(found),
          ...(verdict === 'fail' ? mending(fix) : []),
          ...(references.length > 0 ? [line(references.join(' · '), 'note')] : []),
        ),
      },
    ],
  }
}

function mending({ online, configFile, advice }: CheckedItem['fix']): Html[] {
  return [
    code(online.map(statement => `${statement};`)),
    ...(configFile.length ? [line('In the configuration file:', 'note'), code(configFile)] : []),
    ...advice.map(text => line(`Next: ${text}.`)),
  ]
}

function idle({ idleWaivers }: HardenReport): Html[] {
  if (idleWaivers.length === 0) return []
  const texts = idleWaivers.map(({ waiver, why }) => `${waiver.check} (${waiver.reason}): ${why}`)
  return [section('Waivers without effect', list(texts))]
}

function about({ server, checkedAt }: HardenReport): Html {
  return factTable([
    ['Server', `${server.engine} ${server.version}`],
    ['Seen as', server.account],
    ['Checked', checkedAt],
    ['References', 'CIS MySQL Community 8.4 Benchmark v1.1.0, PCI DSS v4.0.1, OWASP ASVS 5.0.0'],
  ])
}
