import { expect, test } from 'vitest'
import { cephMissing, startCeph } from '#test/ceph'

test('the throw-away S3 service answers, asks for a signature, and is gone after', async t => {
  const missing = cephMissing()
  if (missing) return t.skip(missing)
  const ceph = await startCeph()
  try {
    const anonymous = await fetch(ceph.endpoint)
    expect(await anonymous.text()).toContain('ListAllMyBucketsResult')
    const refused = await fetch(`${ceph.endpoint}/bucket`, { method: 'PUT' })
    expect(refused.status).toBe(403)
  } finally {
    await ceph.stop()
  }
  await expect(fetch(ceph.endpoint)).rejects.toThrow('fetch failed')
})
