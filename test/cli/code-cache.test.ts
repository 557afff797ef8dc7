import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import { cliEnvironment } from '#test/cli'
import { withFolder } from '#test/temporary'

test('compiled code is kept where nobody else can write, and nowhere else', async () => {
  await withFolder(async folder => {
    const start = (cache: string): string[] => {
      const env = { ...cliEnvironment(folder), ECOMDB_CACHE: cache }
      const done = spawnSync(join(packageRoot(), 'bin/ecomdb'), ['--version'], { env })
      expect(done.status, done.stderr.toString()).toBe(0)
      return readdirSync(join(cache, 'code'))
    }
    const own = join(folder, 'own')
    expect(start(own)).toHaveLength(1)
    expect(statSync(join(own, 'code')).mode & 0o777).toBe(0o700)
    const open = join(folder, 'open')
    mkdirSync(join(open, 'code'), { recursive: true })
    chmodSync(join(open, 'code'), 0o777)
    expect(start(open)).toEqual([])
  })
})
