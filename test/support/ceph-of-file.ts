import { afterAll, beforeAll } from 'vitest'
import { type CephGateway, cephMissing, startCeph } from './ceph.ts'

/**
 * One gateway for the tests of a file, whose user is the one of the environment; there from beforeAll on, and
 * empty where Ceph is not here (see cephMissing).
 */
export function cephOfFile(): CephGateway {
  const gateway = {} as CephGateway
  beforeAll(async () => {
    if (cephMissing()) return
    Object.assign(gateway, await startCeph())
    process.env['AWS_ACCESS_KEY_ID'] = gateway.accessKey
    process.env['AWS_SECRET_ACCESS_KEY'] = gateway.secretKey
  })
  afterAll(async () => {
    if (!cephMissing()) await gateway.stop?.()
  })
  return gateway
}
