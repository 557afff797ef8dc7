import { rightsChanges } from '#domain/audit/rights-watch'
import type { AuditAttack } from './audit-attacks.ts'
import type { AuditPlace } from './audit-place.ts'

const grantElsewhere = ({ database, writer }: AuditPlace): string =>
  `GRANT CREATE ON ${database}.* TO ${writer}@localhost`

/** Makes an account, and lets the sealer think that it was there before. */
async function makeUnseen(place: AuditPlace, account: string): Promise<void> {
  await place.run(`CREATE USER ${account}`, `GRANT SELECT ON *.* TO ${account}`)
  const { engine, store, root } = place
  const session = await engine.connect(place.connect)
  try {
    const { principals } = await engine.accessCatalog.observe(session)
    const { seen } = rightsChanges(principals, await engine.auditTrail.seen(session))
    const [one] = [...seen].filter(([name]) => name.includes(account))
    await root.run(`REPLACE INTO ${store}.seen (name, content) VALUES (?, ?)`, one)
  } finally {
    await session.close()
  }
}

/** Somebody is refused, and then the server's count of that begins anew. */
async function forgetRefused(place: AuditPlace): Promise<void> {
  const { socketPath } = place.connect
  await place.engine.connect({ socketPath, user: 'nobody_else' }).then(
    session => session.close(),
    () => {},
  )
  await place.seal()
  if (place.engine.family === 'mysql') {
    await place.run('TRUNCATE TABLE performance_schema.events_errors_summary_global_by_error')
    return
  }
  // Since MariaDB 11.5 the first one is about the session only, and older ones do not know the other.
  await place.run('FLUSH STATUS')
  await place.run('FLUSH GLOBAL STATUS').catch(() => {})
}

/** What the sealer sees of the server beside the rows: rights of accounts, and refused logins. */
export const WATCH_ATTACKS: readonly AuditAttack[] = [
  {
    name: 'grant a right elsewhere: it is in the trail, and no finding',
    expected: [],
    names: '',
    act: place => place.run(grantElsewhere(place)),
  },
  {
    name: 'grant a right, and let the sealer forget what it saw',
    expected: ['GRANT CHANGED'],
    names: 'no event says which',
    act: place => place.run(grantElsewhere(place), `DELETE FROM ${place.store}.seen`),
  },
  {
    name: 'a grant hidden behind a legitimate one',
    expected: ['GRANT CHANGED'],
    names: 'events say only some of it',
    async act(place) {
      const hidden = `${place.writer}_x`
      await makeUnseen(place, hidden)
      try {
        await place.run(grantElsewhere(place))
        await place.seal()
      } finally {
        await place.run(`DROP USER ${hidden}`)
      }
    },
  },
  {
    name: 'set the count of refused logins back',
    expected: ['LOGINS UNSEEN'],
    names: 'and the server did not start anew',
    act: forgetRefused,
  },
  {
    name: 'set the count of refused logins back, and let the sealer forget it',
    expected: ['LOGINS UNSEEN'],
    names: 'and the server did not start anew',
    async act(place) {
      await forgetRefused(place)
      await place.run(`DELETE FROM ${place.store}.seen`)
    },
  },
]
