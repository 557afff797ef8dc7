import { countOf } from '#core/units'
import type { PrepareReport } from '#domain/credential/prepare-report'

/** `ecomdb broker prepare` for people. */
export function prepareText(report: PrepareReport): string {
  const { dryRun, steps, totpKeyFile, passwordFile, madeKey, scheduler, brokerLocked } = report
  const locked = brokerLocked
    ? [
        'ecomdb_broker is locked, by somebody else than ecomdb: it is left so, and no broker can log in',
      ]
    : []
  if (dryRun) {
    return [...steps.map(sql => `${sql};`), ...locked, 'nothing was changed'].join('\n')
  }
  return [
    `${countOf(steps.length, 'statement')} done: the issuer, its procedures, and the account ecomdb_broker`,
    `password of ecomdb_broker: ${passwordFile}`,
    `key for one-time codes: ${totpKeyFile}${madeKey ? ' (new; keep a copy where no database backup is)' : ''}`,
    ...locked,
    ...(scheduler
      ? []
      : [
          'the event scheduler is off: with no broker running, nobody ends sessions whose time is over (SET GLOBAL event_scheduler = ON)',
        ]),
    'next: name ecomdb_broker and its password file under server in the ecomdb.yaml of the broker',
  ].join('\n')
}
