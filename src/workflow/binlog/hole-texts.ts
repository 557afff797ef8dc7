// What a segment says of what the log lacks behind it, for `backup window` and whoever restores.

export const UNLOGGED =
  'it could not begin the next file of its log, and logged nothing until it was started again'
export const NOTED = {
  incident: 'it could not write a change to its log, and noted an incident there',
  restored:
    'what was restored into it from then on is not in its log (`ecomdb restore` without --binlog)',
} as const

export const PUT_BACK =
  "InnoDB's log was not as far any more as it had been: its data files were put back to an earlier state, and this log stayed"

export const elsewhereText = (gtids: string): string =>
  `it has had the transactions ${gtids}, and they are in no file of this log: it logged under another name (log_bin), lost the end of its log, or was given them otherwise (gtid_purged)`
