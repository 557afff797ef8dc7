import { expect, test } from 'vitest'
import type { Engine } from '#engine/engine'
import { requireServerFor } from '#workflow/restore/server-on-files'

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
