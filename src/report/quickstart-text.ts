import { formatBytes, formatCount } from '#core/units'
import type { DrillReport } from '#domain/backup/drill-report'
import type { LogicalBackupReport } from '#domain/backup/logical-backup-report'
import type { OrdersReport } from '#domain/report/shop-report'
import { alignColumns } from './align-columns.ts'
import { closingLine } from './drill-text.ts'

/** What the text shows of a quickstart. */
interface ShownQuickstart {
  engine: string
  serverVersion: string
  sandbox: string
  folder: string
  data: { kind: 'files'; folder: string } | { kind: 'generated'; scale: string }
  migrations: number
  load: {
    files: readonly unknown[]
    loaded: number
    present: number
    rejected: number
    rejectsFile: string | null
  }
  orders: OrdersReport
  backup: LogicalBackupReport
  drill: DrillReport
}

/**
 * `ecomdb quickstart` for people: what was done, whether it is proved, where to look next.
 *
 * @param ecomdb how the program is called: by its name, or by its path
 */
export function quickstartText(shown: ShownQuickstart, ecomdb: string): string {
  const { engine, sandbox, folder, drill } = shown
  const which = `--engine ${engine} --name ${sandbox}`
  const period = '--from 2013-01-01 --to 2013-12-31'
  const next: [string, string][] = [
    [`${ecomdb} sandbox shell ${which} -- shop`, 'the shop itself'],
    [`${ecomdb} report orders ${period}`, 'what staff see who know no SQL'],
    [`${ecomdb} backup list`, 'the snapshots'],
    ['drill.html', "the drill's report, for a manager"],
    ['repository/RESTORE.md', 'how to restore without ecomdb'],
    [`${ecomdb} sandbox remove ${which} --confirm ${sandbox}`, 'ends it; then delete the folder'],
  ]
  return [
    alignColumns(steps(shown), ['left', 'left']),
    '',
    closingLine(drill),
    '',
    `where to look next, after: cd ${folder}`,
    ...next.map(([what, why]) => `  ${what}\n      ${why}`),
  ].join('\n')
}

function steps(shown: ShownQuickstart): [string, string][] {
  const { engine, serverVersion, data, migrations, load, orders, backup, drill } = shown
  const { from, to } = orders.period
  const count = (wanted: string): number =>
    drill.checks.filter(({ outcome }) => outcome === wanted).length
  return [
    ['server', `a private ${engine} ${serverVersion}, in a sandbox of its own`],
    ['provision', migrations ? `${migrations} migrations applied` : 'nothing to do'],
    [
      'load',
      `${formatCount(load.loaded)} rows loaded from ${load.files.length} files of ${data.kind === 'files' ? 'the shop' : 'generated rows'}${present(load.present)}${rejected(load)}`,
    ],
    [
      'report',
      `order_performance('${from}', '${to}'): ${formatCount(orders.totalOrders)} orders, revenue ${orders.revenue ?? 'none'}`,
    ],
    [
      'backup',
      `snapshot ${backup.snapshotId}: ${formatCount(backup.rows)} rows, ${formatBytes(backup.stored.bytes)} stored, ${backup.stored.reused} objects of earlier snapshots used again`,
    ],
    [
      'drill',
      `restored into another server and read back: ${count('passed')} checks passed, ${count('failed')} failed, ${count('unchecked')} not made`,
    ],
  ]
}

function present(count: number): string {
  return count ? `, ${formatCount(count)} were there already` : ''
}

function rejected({ rejected: count, rejectsFile }: ShownQuickstart['load']): string {
  return count ? `, ${count} rejected: see ${rejectsFile}` : ''
}
