import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { type ConfigFlags, configChanges, passwordOf } from '#config/load-config'
import { placeOf } from '#config/target-location'
import { systemClock } from '#core/clock'
import { packageRoot } from '#core/paths'
import type { InitOptions, InitPorts } from '#workflow/init/initialize'
import { askInit, canAsk, type InitAnswers } from './ask-init.ts'
import { wire } from './wire.ts'

export interface InitFlags extends ConfigFlags {
  folder: string
  'runs-on'?: 'all' | 'database' | undefined
  yes: boolean
  'dry-run': boolean
}

/** By flags and environment; on a terminal what is missing is asked for. */
export async function initOptions(flags: InitFlags, json: boolean): Promise<InitOptions> {
  const given: InitAnswers = {
    changes: configChanges(process.env, flags),
    password: passwordOf({ environment: process.env, flags }) ?? null,
    runsOn: flags['runs-on'],
  }
  const asks = !flags.yes && !json && canAsk()
  const { changes, password, runsOn } = asks ? await askInit(given) : given
  const passwordFile = changes['password-file']
  return {
    folder: resolve(flags.folder),
    runsOn: runsOn ?? 'all',
    server: {
      engine: changes.engine,
      socket: changes.socket ? resolve(changes.socket) : undefined,
      host: changes.socket ? undefined : (changes.host ?? '127.0.0.1'),
      port: changes.port,
      user: changes.user ?? userInfo().username,
      // A password itself is kept in keys/, and is the one that a connection uses.
      passwordFile: passwordFile && !password ? resolve(passwordFile) : undefined,
      database: changes.database ?? 'shop',
    },
    serverNamed: Boolean(changes.socket ?? changes.host ?? changes.user ?? changes.database),
    password,
    target: changes.target ? await placeOf(changes.target) : null,
    dryRun: flags['dry-run'],
  }
}

export const initPorts: InitPorts = {
  openTarget: wire.openTarget,
  createTarget: wire.createTarget,
  clock: systemClock,
  schemaFile: join(packageRoot(), 'policies/ecomdb.schema.json'),
}
