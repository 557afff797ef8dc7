import { realpathSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { option, string } from '@oclif/core/flags'
import type { Config } from '#config/config'
import { systemClock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import { cacheFolder, packageRoot, stateFolder } from '#core/paths'
import { mountedBelow, type ServicePlace } from '#domain/schedule/service-files'
import type { InstallOptions, ServiceKind } from '#workflow/schedule/install-schedule'
import { ScheduleFiles } from '#workflow/schedule/schedule-files'

/** For the commands that write units and crontabs. */
export const serviceFlags = {
  with: option({
    options: ['systemd', 'cron'] as const,
    required: true,
    summary: 'a service and a timer, or lines of your crontab',
  })(),
  name: string({
    default: 'ecomdb',
    helpValue: 'NAME',
    summary: 'how the units are called; another one for a second shop on this host',
  }),
  user: string({ helpValue: 'USER', summary: 'the account of the jobs (default: yours)' }),
  'unit-folder': string({
    default: '/etc/systemd/system',
    helpValue: 'FOLDER',
    summary: 'where the units go',
  }),
}

interface ServiceFlags {
  with: ServiceKind
  name: string
  user?: string | undefined
  'unit-folder': string
}

/** @throws EcomdbError USAGE */
export function installOptions(
  config: Config,
  flags: ServiceFlags,
  dryRun: boolean,
): InstallOptions {
  if (!/^[A-Za-z0-9][\w.-]*$/.test(flags.name)) {
    throw new EcomdbError('USAGE', {
      what: `"${flags.name}" is no name for units`,
      why: 'it has letters, digits, ".", "_" and "-" only',
    })
  }
  const { kind, place } = { kind: flags.with, place: placeOf(config, flags) }
  const files = new ScheduleFiles(config)
  return { kind, place, files, clock: systemClock, unitFolder: flags['unit-folder'], dryRun }
}

function placeOf(config: Config, { name, user }: ServiceFlags): ServicePlace {
  if (config.file === null) {
    throw new EcomdbError('CONFIG_NOT_FOUND', {
      what: 'there is no ecomdb.yaml for the jobs to read',
      why: 'a timer has no environment and no flags: all must stand in the file',
      hints: ['run `ecomdb init` to make one, or name it with --config'],
    })
  }
  const stays = config.copies.filter(({ offline }) => !offline).map(({ place }) => place)
  const goes = config.copies.filter(({ offline }) => offline).map(({ place }) => place)
  const places = [config.target.place, ...stays, ...config.audit.anchors]
  const { socketPath } = config.server
  const reports = config.reportsDirectory === undefined ? [] : [config.reportsDirectory]
  return {
    ...{ name, key: new ScheduleFiles(config).key, user: user ?? userInfo().username },
    program: realpathSync(join(packageRoot(), 'bin', 'ecomdb')),
    configFile: realpathSync(config.file),
    stateFolder: stateFolder(),
    cacheFolder: cacheFolder(),
    path: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
    writes: [
      ...places.flatMap(place => place?.directory ?? []),
      ...new Set(goes.flatMap(({ directory }) => (directory ? mountedBelow(directory) : []))),
      ...reports,
    ],
    usesTmp:
      socketPath?.startsWith('/tmp/') ||
      [...places, ...goes].some(one => one?.directory?.startsWith('/tmp/')) ||
      false,
  }
}
