import { countOf } from '#core/units'
import type { ErasureReport } from '#domain/audit/erasure'

/** `ecomdb audit erase` for people. */
export function eraseText(report: ErasureReport): string {
  const { table, key, rows, done, erasures, batch, warnings } = report
  const person = table === null ? 'the erasure ledger' : `${table} ${key}`
  return [
    ...headLines(report, person),
    ...rows.map(
      one => `  ${done ? 'emptied' : 'would empty'}  ${one.table}: ${countOf(one.rows, 'row')}`,
    ),
    ...(done ? erasures.map(id => `  erasure  ${id}`) : []),
    ...(batch === null ? [] : [`  sealed   in batch ${batch}`]),
    ...warnings.map(one => `  FINDING  ${one}`),
    ...(done || (table === null && erasures.length === 0)
      ? []
      : [`nothing was changed; do it with --confirm ${key ?? 'replay'}`]),
  ].join('\n')
}

function headLines({ done, table, erasures }: ErasureReport, person: string): string[] {
  if (table !== null) return [done ? `${person} is erased` : `${person} would be erased`]
  if (erasures.length === 0) return ['all of the erasure ledger is carried out here']
  const many = countOf(erasures.length, 'erasure')
  return [done ? `${many} of the ledger repeated` : `${many} of the ledger would be repeated`]
}
