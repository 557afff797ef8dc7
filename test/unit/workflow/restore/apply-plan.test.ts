import { expect, test } from 'vitest'
import { EcomdbError } from '#core/errors'
import { silentProgress } from '#core/progress'
import type { RestorePlan, RestoreStatement } from '#domain/backup/restore-plan'
import type { LogicalWriterSession } from '#engine/logical-writer'
import { applyPlan } from '#workflow/restore/apply-plan'

const GRANT = 'GRANT SELECT (`total`) ON `shop`.`v` TO `ada`@`%`'

function apply(errno: number, isGrant: boolean): ReturnType<typeof applyPlan> {
  const statement: RestoreStatement = {
    ...{ stage: 'views', object: 'x', table: null, sql: GRANT, shown: GRANT },
    ...{ schema: null, context: null, mayFail: true },
    ...(isGrant ? { isGrant } : {}),
  }
  const plan: RestorePlan = {
    ...{ statements: [statement], tables: [], rows: 0, bytes: 0, notes: [] },
    ...{ makes: { databases: [], accounts: [] }, locked: [], kept: [], unknownPrivileges: [] },
  }
  const writer = {
    writers: 1,
    run: async () => {
      const cause = Object.assign(new Error('no'), { errno })
      throw new EcomdbError('SERVER_REFUSED', { what: 'cannot restore x', why: 'no', cause })
    },
    close: async () => {},
  } as unknown as LogicalWriterSession
  const snapshot = { manifest: { tables: [] } } as never
  return applyPlan({} as never, snapshot, plan, writer, silentProgress())
}

test('a grant is left out where what it is on is gone, and ends the restore where a right is lacking', async () => {
  const refusedGrants = [{ grant: GRANT, why: 'no' }]
  for (const gone of [1054, 1146, 1305, 1356, 1449])
    expect(await apply(gone, true)).toEqual({ warnings: [], left: [], refusedGrants })
  for (const other of [1142, 1143, 1044, 1370, 1205, 1290])
    await expect(apply(other, true)).rejects.toMatchObject({ code: 'SERVER_REFUSED' })
  // A view that the source could not use either.
  expect(await apply(1142, false)).toMatchObject({ refusedGrants: [] })
})
