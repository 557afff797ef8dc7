import { expect, test } from 'vitest'
import { EcomdbError } from '#core/errors'
import { withFolder } from '#test/temporary'
import { withRoom } from '#workflow/restore/room-for-server'

const servers = (killed: boolean, stopped: boolean) => ({
  remove: async () => true,
  wasKilled: async () => killed,
  wasStopped: async () => stopped,
})

test('a server that somebody has killed or stopped says nothing of what it was started on', async () => {
  await withFolder(async folder => {
    const lost = new EcomdbError('SERVER_LOST', { what: 'cannot read bank.journal', hints: [] })
    const use = () => Promise.reject(lost)
    for (const [killed, stopped] of [
      [true, false],
      [false, true],
    ] as const) {
      const ended = withRoom(servers(killed, stopped), folder, use)
      await expect(ended).rejects.toMatchObject({ code: 'TOOL_KILLED', cause: lost })
    }
    await expect(withRoom(servers(false, false), folder, use)).rejects.toBe(lost)
    // Ended before it had made its socket.
    const failed = (why: string) =>
      new EcomdbError('TOOL_FAILED', {
        what: 'the private server in x did not start',
        why,
        hints: [],
      })
    const silent = failed('it ended without a word: killed by SIGTERM')
    const ended = withRoom(servers(false, true), folder, () => Promise.reject(silent))
    await expect(ended).rejects.toMatchObject({ code: 'TOOL_KILLED', cause: silent })
    const told = failed('[ERROR] InnoDB: Database page corruption')
    await expect(withRoom(servers(false, true), folder, () => Promise.reject(told))).rejects.toBe(
      told,
    )
  })
})
