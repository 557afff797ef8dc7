import { chmod, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Notice } from '#domain/notify/decide-notices'
import { withFolder } from '#test/temporary'
import { sendNotices } from '#workflow/notify/send-notices'

const NOTICES: Notice[] = [{ kind: 'new', key: 'k', what: 'the drill FAILED', next: [], since: 0 }]

test('a notice that is led elsewhere was not sent', () =>
  withFolder(async folder => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`)
      request.resume()
      const status = Number(request.url?.slice(1))
      response.writeHead(status, { location: '/200' }).end()
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const webhookFile = join(folder, 'webhook.url')
    const send = async (path: string) => {
      await writeFile(webhookFile, `http://127.0.0.1:${port}/${path}\n`)
      await chmod(webhookFile, 0o600)
      return await sendNotices({ webhookFile, repeatMs: 0 }, NOTICES)
    }
    try {
      expect(await send('200')).toEqual({ sent: ['webhook'], failed: [] })
      // A POST would go on as a GET, without the notice, and a page to log in answers that with 200.
      for (const status of [301, 302, 303, 307]) {
        const { sent, failed } = await send(`${status}`)
        expect(sent).toEqual([])
        expect(failed).toEqual([
          expect.stringContaining(`it answered ${status}: it leads elsewhere`),
        ])
      }
      expect((await send('500')).failed).toEqual([expect.stringContaining('it answered 500')])
      expect(asked.filter(one => one.startsWith('GET'))).toEqual([])
    } finally {
      server.close()
    }
  }))
