import { afterAll, beforeAll, inject } from 'vitest'
import { takeExclusiveLock } from '#process/exclusive-lock'

/** The other files that back the shared servers up take less than that together, in milliseconds. */
const TURN_MS = 300_000

/**
 * For a file whose tests back a shared server up: one file at a time, for a second backup of a
 * server is refused as LOCKED, and the test that meets it would fail.
 */
export function useBackupTurn(): void {
  let release: (() => Promise<void>) | undefined
  beforeAll(async () => {
    const name = `the tests that back up the servers in ${inject('serversFolder')}`
    release = await takeExclusiveLock({ name, waitMs: TURN_MS })
  }, TURN_MS)
  afterAll(async () => {
    await release?.()
  })
}
