import { resolve } from 'node:path'
import { logFolderSettings } from '#domain/backup/logs-elsewhere'
import type { EngineFamily } from '#domain/engine-family'
import type { Session } from '../../session.ts'
import { readSettings } from '../server-settings.ts'

/** Settings of logs that lie outside of the data directory, with the folder. */
export async function logFolders(
  session: Session,
  engine: EngineFamily,
): Promise<Record<string, string>> {
  const settings = await readSettings(session, ['datadir', ...logFolderSettings(engine)])
  const data = resolve(settings['datadir'] ?? '/')
  const folders = logFolderSettings(engine).map(name => [
    name,
    resolve(data, settings[name] ?? '.'),
  ])
  return Object.fromEntries(folders.filter(([, folder]) => !`${folder}/`.startsWith(`${data}/`)))
}
