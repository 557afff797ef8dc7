import { expect, test } from 'vitest'
import { EcomdbError } from '#core/errors'
import type { Engine } from '#engine/engine'
import { requireServerFor, withServerGone } from '#workflow/restore/server-on-files'

const installed = (version: string) =>
  ({
    scratchServers: { check: async () => version },
    physicalBackups: { async requirePrograms() {} },
    binaryLog: { replay: { requirePrograms() {} } },
  }) as unknown as Engine

test('a program of another series than the files is refused before there are any', async () => {
  const files = { serverVersion: '10.11.19-MariaDB-log' }
  await requireServerFor(installed('10.11.4-MariaDB'), '/srv/new', files)
  for (const other of ['11.4.2-MariaDB', '10.6.1-MariaDB', '9.7.4']) {
    const refused = requireServerFor(installed(other), '/srv/new', files)
    await expect(refused).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  }
  const older = requireServerFor(installed('8.0.30'), '/srv/new', { serverVersion: '8.0.46' })
  await expect(older).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  await requireServerFor(installed('8.0.36'), '/srv/new', { serverVersion: '8.0.46' })
})

test('of files that stay it is not said that nothing is left', () => {
  const hintsOf = (code: 'SERVER_REFUSED' | 'SERVER_LOST' | 'AUTHENTICATION_REFUSED') =>
    [false, true].map(stays => {
      const gone = withServerGone(new EcomdbError(code, { what: 'x' }), stays)
      return gone instanceof EcomdbError ? gone.hints.join() : ''
    })
  for (const code of ['SERVER_REFUSED', 'SERVER_LOST'] as const) {
    const [emptied, kept] = hintsOf(code)
    expect(emptied).toContain('nothing of the restore is left')
    expect(kept).toMatch(/^the private server is gone(: run the command again)?$/)
  }
  expect(hintsOf('AUTHENTICATION_REFUSED').join()).not.toContain('is left')
})
