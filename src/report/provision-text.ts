import type {
  PlanStage,
  ProvisionPlan,
  ProvisionResult,
  Step,
  VersionState,
} from '#domain/schema/provision-plan'
import type { Finding } from '#domain/schema/shop-shape'

/** `provision plan` for people: every statement as it will be sent, passwords masked. */
export function planText(plan: ProvisionPlan): string {
  const work = plan.stages.flatMap(stageText)
  return [
    headText(plan),
    ...findingsText(plan.findings),
    ...(work.length > 0 ? work : ['nothing to do']),
    ...notesText(plan),
  ].join('\n')
}

function stageText({ pending, steps }: PlanStage): string[] {
  const title = pending
    ? `-- migration ${pending.migration.version} ${pending.migration.name}`
    : `-- ${steps[0]?.kind === 'database' ? 'the database' : 'accounts'}`
  const nothing = pending && steps.length === 0 ? ': all of it is there already' : ''
  return ['', `${title}${nothing}`, ...steps.map(step => `${step.sql};`)]
}

/** `provision status` for people. */
export function statusText(plan: ProvisionPlan): string {
  const pending = plan.versions.filter(({ state }) => state === 'pending').length
  const interrupted = plan.versions.find(({ state }) => state === 'interrupted')
  const steps = plan.stages.reduce((sum, stage) => sum + stage.steps.length, 0)
  const verdict = interrupted
    ? `interrupted in migration ${interrupted.version}: run \`ecomdb provision apply\` to go on`
    : steps + pending > 0
      ? 'not up to date: run `ecomdb provision plan`, then `ecomdb provision apply`'
      : 'up to date'
  return [
    headText(plan),
    ...plan.versions.map(versionText),
    ...findingsText(plan.findings),
    ...notesText(plan),
    plan.findings.length > 0 ? 'apply refuses until this is put right' : verdict,
  ].join('\n')
}

function headText({ database, flavor, stage }: ProvisionPlan): string {
  if (stage === null) return `${database} on ${flavor}`
  if (stage.stage === null) return `${database} on ${flavor}: nothing of the shop is there yet`
  const gaps = stage.gaps.length > 0 ? `, without all of ${stage.gaps.join(', ')}` : ''
  return `${database} on ${flavor}: stage ${stage.stage} (${stage.adds})${gaps}, to be adopted`
}

function versionText({ version, name, state, finishedAt, appliedBy }: VersionState): string {
  const when = finishedAt ? `  ${finishedAt.slice(0, 19)} UTC  by ${appliedBy}` : ''
  return `  ${String(version).padStart(4, '0')} ${name.padEnd(20)} ${state}${when}`.trimEnd()
}

function findingsText(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ object, difference, hint }) => [
    `drift: ${object}: ${difference}`,
    ...(hint ? [`  hint: ${hint}`] : []),
  ])
}

function notesText({ setAside, notes }: ProvisionPlan): string[] {
  return [
    ...(setAside > 0
      ? [`${setAside} rows that an adoption replaced are kept in ecomdb_set_aside`]
      : []),
    ...notes.map(note => `note: ${note}`),
  ]
}

/** `--json` of plan and status: what the text says, as data. */
export function planDocument(plan: ProvisionPlan): object {
  return {
    database: plan.database,
    flavor: plan.flavor,
    stage: plan.stage,
    versions: plan.versions,
    findings: plan.findings,
    steps: plan.stages.flatMap(({ steps }) => steps.map(stepDocument)),
    setAside: plan.setAside,
    notes: plan.notes,
  }
}

function stepDocument({ passwordOf: _, ...step }: Step): object {
  return step
}

/** `--json` of apply. */
export function appliedDocument(result: ProvisionResult): object {
  return { ...result, steps: result.steps.map(stepDocument) }
}

/** `provision apply` for people. */
export function appliedText(result: ProvisionResult): string {
  const { database, statements, versions, setAside, passwordFiles, notes } = result
  return [
    // An older schema was changed: its owner sees how. From nothing there is nothing to see.
    ...(result.adopted === null ? [] : result.steps.map(stepText)),
    statements + versions.length > 0
      ? `${database} is up to date: ${statements} statements ran, ${versions.length} migrations are new here`
      : `nothing to do: ${database} is up to date`,
    ...(setAside > 0
      ? [`${setAside} rows were replaced; they are kept in ecomdb_set_aside, with the reason`]
      : []),
    ...passwordFiles.map(file => `a password is in ${file}`),
    ...notes.map(note => `note: ${note}`),
  ].join('\n')
}

/** "0003 order_items: ALTER TABLE order_items …": enough to recognise it in the plan. */
function stepText({ version, name, sql }: Step): string {
  const place = version === null ? (name ?? 'database') : String(version).padStart(4, '0')
  const line = sql.replaceAll(/\s+/g, ' ')
  return `  ${place}  ${line.length > STEP_LENGTH ? `${line.slice(0, STEP_LENGTH)}…` : line}`
}

const STEP_LENGTH = 100
