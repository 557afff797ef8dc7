import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { silentProgress } from '#core/progress'
import { AUDIT_ATTACKS } from '#harness/attacks/audit-attacks'
import { AuditPlace } from '#harness/attacks/audit-place'
import { attackCase } from '#harness/attacks/audit-suite'
import { writersCase } from '#harness/attacks/audit-writers'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { TEST_ENGINES } from '#test/engines'
import { startOwnServer } from '#test/own-server'
import { exportTrail } from '#workflow/audit/export-trail'
import { openExport } from '#workflow/audit/open-export'
import { openServerTrail, verifyTrail } from '#workflow/audit/verify-trail'

/** A sample; `npm run harness -- attacks --only audit` tries all of them. */
const SAMPLE = [
  'edit a message, triggers on',
  'drop a trigger, act, put it back',
  'TRUNCATE',
  'edit an event, so that a writer seems to have acted',
  'roll the database back to an earlier state',
  'roll it back, and own up to it with an epoch break: no finding',
]

describe.each(TEST_ENGINES)('%s', family => {
  let own: Awaited<ReturnType<typeof startOwnServer>>
  beforeAll(async () => {
    own = await startOwnServer(family)
  })
  afterAll(async () => {
    await own.remove()
  })

  test.each(AUDIT_ATTACKS.filter(({ name }) => SAMPLE.includes(name)))('$name', async attack => {
    await attackCase(attack, own.engine, own.server, own.folder).run()
  })

  test('legitimate writers with rollbacks, deadlocks and kills: nothing is found', async () => {
    const load = { writers: 8, ms: 2_000 }
    await writersCase(own.engine, own.server, own.folder, load).run()
  })

  test('an export is verified without a server, and so is what was changed in it', async () => {
    const place = await AuditPlace.make(own.engine, own.server, own.folder)
    const file = join(own.folder, 'trail.jsonl')
    try {
      await place.run("UPDATE messages SET said = 'never said' WHERE id = 2")
      await place.seal()
      const source = await openServerTrail(place.audited)
      await exportTrail(source, file, silentProgress())
      await source.close()
      const online = await place.verify()
      const anchors = [openDirectoryTarget(place.anchor)]
      const trust = { policy: place.policy, trustedSigners: [place.key.signer], anchors }
      const exported = await openExport(file)
      const offline = await verifyTrail(exported, trust, silentProgress())
      await exported.close()
      expect(offline.checked).toEqual(online.checked)
      expect(offline.findings.map(({ kind, row, detail }) => [kind, row, detail])).toEqual([
        ['EDITED BY', '2', 'root@localhost, who is no writer, updated it'],
      ])
    } finally {
      await place.close()
    }
  })
})
