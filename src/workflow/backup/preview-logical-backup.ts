import type { LogicalBackupPreview } from '#domain/backup/logical-backup-report'
import type { KeyEntry } from '#domain/backup/manifest'
import { openRepository } from '#repository/repository'
import type { LogicalBackupOptions } from './back-up-logically.ts'

/** `ecomdb backup logical --dry-run`: reads definitions only; locks and stores nothing. */
export async function previewLogicalBackup({
  engine,
  connect,
  target,
  keys,
  databases,
  readers,
}: LogicalBackupOptions): Promise<LogicalBackupPreview> {
  await openRepository(target)
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    const { catalog, steps } = await engine.logicalReader.preview(session, databases)
    return {
      target: target.label,
      engine: engine.family,
      serverVersion: catalog.serverVersion,
      recipients: keys.recipients,
      readers,
      steps,
      tables: catalog.tables.map(({ schema, name, estimate, key }) => ({
        schema,
        name,
        ...estimate,
        order: orderOf(key),
      })),
      programs: catalog.programs.length,
      accounts: catalog.accounts.length,
    }
  } finally {
    await session.close()
  }
}

function orderOf(key: KeyEntry | null): LogicalBackupPreview['tables'][number]['order'] {
  if (key === null) return 'no key'
  return key.kind === 'integer' ? 'integer key' : 'other key'
}
