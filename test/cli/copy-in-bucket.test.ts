import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeBucket } from '#test/buckets'
import { type CephGateway, cephMissing, startCeph } from '#test/ceph'
import { type CliResult, runEcomdb } from '#test/cli'
import { storeRepository } from '#test/stored-repository'
import { withFolder } from '#test/temporary'

const missing = cephMissing()
let ceph: CephGateway
beforeAll(async () => {
  if (!missing) ceph = await startCeph()
})
afterAll(() => ceph?.stop())

test.skipIf(missing)('a copy in a bucket that is not there is no disk that is away', async () => {
  await withFolder(async folder => {
    const { config } = await storeRepository(folder)
    const { bucket, prefix, endpoint } = await makeBucket(ceph)
    const place = `{ bucket: ${bucket}, prefix: ${prefix}, endpoint: '${endpoint}' }`
    await appendFile(
      config,
      `copies:\n  - { name: far, offsite: true, media: cloud, s3: ${place} }\n`,
    )
    const written = await readFile(config, 'utf8')
    const owner = { accessKey: ceph.accessKey, secretKey: ceph.secretKey }
    const run = ({ accessKey, secretKey } = owner, ...args: string[]): Promise<CliResult> =>
      runEcomdb([...args, '--config', config], {
        env: {
          ...{ AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey },
          ECOMDB_STATE: `${folder}/state`,
        },
      })
    const word = `s3://${bucket}/${prefix}?endpoint=${endpoint}`
    expect(
      (await run(owner, 'target', 'prepare', word, '--label', 'far', '--same-disk')).status,
    ).toBe(0)
    expect((await run(owner, 'backup', 'copy', '--to', 'far')).status).toBe(0)
    const here = await run(owner, 'backup', 'status')
    expect(here.stdout).toMatch(/ok +1 off site +far/)

    const stranger = await ceph.addUser('stranger')
    const without = written.replace(bucket, `${bucket}-gone`)
    const dead = written.replace(endpoint ?? '', 'http://127.0.0.1:1')
    for (const [text, user, why] of [
      [without, owner, 'there is no bucket'],
      [dead, owner, 'ECONNREFUSED'],
      [written, stranger, 'permission denied'],
      [written, { ...owner, secretKey: 'x' }, 'does not accept the credentials'],
    ] as const) {
      await writeFile(config, text)
      const { status, stdout } = await run(user, 'backup', 'status')
      expect(status, stdout).toBe(3)
      expect(stdout).toMatch(/MISSING +3 copies +2 copies: the server, repository$/m)
      expect(stdout).toMatch(/MISSING +1 off site +none/)
      expect(stdout).toMatch(/^ +far +shows .* NOT REACHED$/m)
      expect(stdout).toMatch(new RegExp(`^NOT REACHED {2}copy far: .*${why}`, 'm'))
      expect(stdout).not.toContain('STALE')
      expect((await run(user, 'status')).stdout).toMatch(/^LOOK +disks +far cannot be reached$/m)
    }
  })
})
