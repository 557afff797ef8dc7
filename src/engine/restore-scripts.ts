import type { Manifest } from '#domain/backup/manifest'
import type { RestoreScripts } from '#domain/backup/restore-scripts'

/** The manifest as SQL for the client: see RestoreScripts for what goes where. */
export function renderRestoreScripts(_manifest: Manifest): RestoreScripts {
  throw new Error('not built yet')
}
