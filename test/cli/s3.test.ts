import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withServer } from '#test/backed-up'
import { makeBucket } from '#test/buckets'
import { type CephGateway, cephMissing, startCeph } from '#test/ceph'
import { type CliResult, runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { fixtureFiles, withShop } from '#test/shop'

const missing = cephMissing()
let ceph: CephGateway

beforeAll(async () => {
  if (!missing) ceph = await startCeph()
})
afterAll(() => ceph?.stop())

/** A file as ~/.aws/credentials, of the bucket's owner. */
async function writeCredentials(folder: string): Promise<string> {
  const file = join(folder, 's3-credentials')
  const lines = [
    '[default]',
    `aws_access_key_id = ${ceph.accessKey}`,
    `aws_secret_access_key = ${ceph.secretKey}`,
  ]
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 })
  return file
}

describe.skipIf(missing).each(TEST_ENGINES)('%s on S3, a bucket with locks', family => {
  test('init, backup, list, show, verify, drill and restore', async () => {
    await withShop(family, async ({ folder, env, database }) => {
      const { bucket } = await makeBucket(ceph, true)
      const query = new URLSearchParams({
        endpoint: ceph.endpoint,
        credentials_file: await writeCredentials(folder),
        lock_mode: 'governance',
        lock_days: '1',
      })
      const run = async (...args: string[]): Promise<CliResult> => {
        const result = await runEcomdb(args, { env, cwd: folder })
        expect(result.stderr + result.stdout).not.toContain(ceph.secretKey)
        return result
      }
      const done = async (...args: string[]): Promise<CliResult> => {
        const result = await run(...args)
        expect(result.status, result.stderr).toBe(0)
        return result
      }
      // Some lines are rejected on purpose.
      expect((await run('load', ...fixtureFiles())).status).toBe(3)
      await done('init', '--yes', '--target', `s3://${bucket}/backups/shop?${query}`)
      const first = (await done('backup', 'logical', '--databases', database, '--json')).json()
      expect(first.result.stored.reused).toBe(0)
      const second = (await done('backup', 'logical', '--databases', database, '--json')).json()
      expect(second.result.stored.objects).toBe(0)
      expect((await done('backup', 'list', '--json')).json().result.snapshots).toHaveLength(2)
      await done('backup', 'show', '--identity', 'keys/operations.identity')
      expect((await done('backup', 'verify', '--all', '--deep')).stdout).toContain('attested')
      expect((await done('drill')).stdout).toContain('proved: ')
      expect((await run('doctor')).stdout).toContain(`s3://${bucket}/backups/shop, repository`)
      await withServer(family, join(folder, 'server'), async server => {
        const place = ['--socket', server.socketPath, '--user', 'root', '--config', 'ecomdb.yaml']
        const restored = await done('restore', 'latest', '--confirm', database, ...place)
        expect(restored.stdout).toContain('read back and compared')
      })
    })
  })
})
