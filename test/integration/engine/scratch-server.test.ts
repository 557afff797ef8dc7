import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { engineFor } from '#cli/wire'
import { ENGINE_FAMILIES } from '#domain/engine-family'

test.each(ENGINE_FAMILIES)(
  '%s: a private server starts, is found again, and stops',
  async family => {
    const folder = await mkdtemp(join(tmpdir(), 'ecomdb-test-'))
    const { scratchServers, connect } = await engineFor(family)
    const first = await scratchServers.start({ folder, tcp: true, purpose: 'sandbox' })
    try {
      const again = await scratchServers.start({ folder, tcp: true, purpose: 'sandbox' })
      expect(again.pid).toBe(first.pid)
      const session = await connect({ host: '127.0.0.1', port: first.port ?? 0, user: 'root' })
      expect(session.flavor.family).toBe(family)
      expect(await session.value('SELECT 1 + 1')).toBe('2')
      await session.close()
    } finally {
      expect(await scratchServers.stop(folder)).toBe(true)
      await rm(folder, { recursive: true })
    }
    expect(await scratchServers.status(folder)).toBeNull()
  },
)
