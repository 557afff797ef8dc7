import { existsSync, realpathSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '#core/clock'
import { EcomdbError, messageOf, systemCode } from '#core/errors'
import { shellWord } from '#core/shell-word'
import { translateStorageError } from '#core/storage-error'
import {
  configOfUnit,
  crontabBlock,
  type ServiceFile,
  type ServicePlace,
  systemdUnits,
  withCrontabBlock,
} from '#domain/schedule/service-files'
import { onPath } from '#process/program'
import { runProgram } from '#process/run-program'
import { currentCrontab } from './crontab.ts'
import type { ScheduleFiles } from './schedule-files.ts'

export type ServiceKind = 'systemd' | 'cron'

export interface InstallOptions {
  kind: ServiceKind
  place: ServicePlace
  /** The state that the jobs will keep. */
  files: ScheduleFiles
  clock: Clock
  /** Where units go. */
  unitFolder: string
  dryRun: boolean
}

/** What was, or would be, written, run and found. */
export interface InstallReport {
  kind: ServiceKind
  dryRun: boolean
  /** Units by path; a crontab as a whole. */
  files: { path: string; text: string }[]
  /** What was run. */
  ran: string[]
  /** `systemd-analyze verify`: null where it is not installed. */
  verified: boolean | null
  /** What is left to do by hand. */
  next: string[]
}

/**
 * `ecomdb schedule install`: units that `systemd-analyze verify` has looked at, or lines of this
 * user's crontab. Run again, it brings what is there up to date.
 *
 * @throws EcomdbError USAGE where the units of this name are another configuration's; TOOL_MISSING
 *   without cron; TOOL_FAILED when verify finds a mistake; STORAGE_FAILED where units may not be written
 */
export async function installSchedule(options: InstallOptions): Promise<InstallReport> {
  return options.kind === 'cron' ? await installCrontab(options) : await installUnits(options)
}

/**
 * `ecomdb schedule remove`: only what install made, for this configuration.
 *
 * @throws EcomdbError as installSchedule
 */
export async function removeSchedule(options: InstallOptions): Promise<InstallReport> {
  return options.kind === 'cron' ? await installCrontab(options, null) : await removeUnits(options)
}

/** `ecomdb schedule show`: what install would write. */
export function showSchedule({ kind, place, unitFolder }: InstallOptions): InstallReport {
  const files =
    kind === 'cron'
      ? [{ path: 'crontab', text: `${crontabBlock(place, shellWord)}\n` }]
      : systemdUnits(place).map(({ name, text }) => ({ path: join(unitFolder, name), text }))
  return { kind, dryRun: true, files, ran: [], verified: null, next: [] }
}

async function installCrontab(
  { place, dryRun, files, clock }: InstallOptions,
  block: string | null = crontabBlock(place, shellWord),
): Promise<InstallReport> {
  const before = await currentCrontab()
  const text = withCrontabBlock(before, place.key, block)
  const report: InstallReport = {
    ...{ kind: 'cron', dryRun, files: [{ path: 'crontab', text }], ran: [] },
    ...{ verified: null, next: [] },
  }
  if (dryRun || text === before) return report
  await runProgram(onPath('crontab'), ['-'], { input: text })
  // cron takes what it is given in silence: it is asked whether it has it.
  if ((await currentCrontab()) !== text) {
    throw new EcomdbError('TOOL_FAILED', {
      what: 'the crontab is not as it was written',
      why: '`crontab -l` shows something else',
      hints: ['look with `crontab -l`; another program may write to it'],
    })
  }
  if (block !== null) await files.writeInstalled(clock.now().getTime())
  return { ...report, ran: ['crontab -'] }
}

async function installUnits(options: InstallOptions): Promise<InstallReport> {
  const { place, unitFolder, dryRun } = options
  const units = systemdUnits(place)
  await refuseOthers(options, 'replace')
  const report = showSchedule(options)
  if (dryRun) return report
  for (const unit of units) await writeUnit(unitFolder, unit)
  const paths = units.map(({ name }) => join(unitFolder, name))
  const verified = await verifyUnits(paths)
  const start = [
    ['daemon-reload'],
    ['enable', `${place.name}-schedule.service`, `${place.name}-status.timer`],
    ['restart', `${place.name}-schedule.service`],
    ['start', `${place.name}-status.timer`],
  ]
  return { ...report, dryRun, verified, ...(await systemctl(start)) }
}

async function removeUnits(options: InstallOptions): Promise<InstallReport> {
  const { place, unitFolder, dryRun } = options
  await refuseOthers(options, 'remove')
  const files = systemdUnits(place)
    .map(({ name }) => join(unitFolder, name))
    .filter(existsSync)
    .map(path => ({ path, text: '' }))
  const report = { ...showSchedule(options), files, dryRun }
  if (dryRun || files.length === 0) return report
  const names = [`${place.name}-schedule.service`, `${place.name}-status.timer`]
  const stopped = await systemctl([['disable', '--now', ...names]])
  for (const { path } of files) {
    await rm(path).catch((error: unknown) => {
      throw translateStorageError(error, `cannot remove ${path}`)
    })
  }
  const reloaded = await systemctl([['daemon-reload']])
  return {
    ...report,
    ran: [...stopped.ran, ...reloaded.ran],
    next: [...stopped.next, ...reloaded.next],
  }
}

/**
 * A second shop's units would take the first one's place, whose backups end without a word. A configuration that
 * is gone, or was moved here, has none.
 */
async function refuseOthers({ place, unitFolder }: InstallOptions, verb: string): Promise<void> {
  for (const { name } of systemdUnits(place)) {
    const path = join(unitFolder, name)
    const other = configOfUnit(await readFile(path, 'utf8').catch(() => ''))
    if (other === null || !existsSync(other) || realpathSync(other) === place.configFile) continue
    throw new EcomdbError('USAGE', {
      what: `will not ${verb} ${path}`,
      why: `it is for another configuration, ${other}, and this one is ${place.configFile}`,
      hints: [
        `each configuration has units of its own: give another name than ${place.name}, like \`--name shop-b\``,
        `where ${other} is not to run any more: \`${removal(place.name, other)}\``,
      ],
    })
  }
}

const removal = (name: string, config: string): string =>
  `ecomdb schedule remove --with systemd --name ${name} --config ${shellWord(config)} --confirm ${name}`

async function writeUnit(folder: string, { name, text }: ServiceFile): Promise<void> {
  const path = join(folder, name)
  try {
    await mkdir(folder, { recursive: true })
    const there = await readFile(path, 'utf8').catch(() => null)
    if (there === text) return
    await writeFile(`${path}.partial`, text, { mode: 0o644 })
    await rename(`${path}.partial`, path)
  } catch (error) {
    const denied = systemCode(error) === 'EACCES'
    throw new EcomdbError('STORAGE_FAILED', {
      what: `cannot write ${path}`,
      why: messageOf(error),
      hints: denied ? ['run it as root, with --user for the account of the jobs'] : [],
      cause: error,
    })
  }
}

/** @throws EcomdbError TOOL_FAILED with what it found */
async function verifyUnits(paths: readonly string[]): Promise<boolean | null> {
  try {
    await runProgram(onPath('systemd-analyze'), ['verify', ...paths])
    return true
  } catch (error) {
    if (error instanceof EcomdbError && error.code === 'TOOL_MISSING') return null
    throw error
  }
}

/** Where systemd does not run (a container, an image that is built) somebody else will start it. */
async function systemctl(
  commands: readonly (readonly string[])[],
): Promise<Pick<InstallReport, 'ran' | 'next'>> {
  const texts = commands.map(words => ['systemctl', ...words].join(' '))
  if (!existsSync('/run/systemd/system')) return { ran: [], next: texts }
  for (const words of commands) await runProgram(onPath('systemctl'), words)
  return { ran: texts, next: [] }
}
