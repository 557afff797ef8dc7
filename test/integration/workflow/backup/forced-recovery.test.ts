import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

test.each(TEST_ENGINES)(
  '%s: a server that leaves out what is damaged without an error is a finding',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      const findings: string[] = []
      await withServer(
        family,
        join(folder, 'source'),
        async server => void findings.push(...(await place.report(server)).findings),
        ['--innodb-force-recovery=1'],
      )
      expect(findings).toContainEqual(expect.stringMatching(/^innodb_force_recovery is 1: /))
    })
  },
)
