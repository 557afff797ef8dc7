import { expect, test } from 'vitest'
import { ended, requireStages } from '#harness/faults/cut-short'
import { NotTried, runCase } from '#harness/suite'

const run = { status: null, stdout: '', tookMs: 1, disturbed: true }

test('what a machine cannot try is skipped: neither good nor bad', async () => {
  const one = { name: 'a bucket', expected: 'all is well' }
  const skipped = await runCase({ ...one, run: () => Promise.reject(new NotTried('no Ceph')) })
  expect(skipped).toEqual({ name: 'a bucket', skipped: 'no Ceph' })
  const failed = await runCase({ ...one, run: () => Promise.reject(new Error('lost')) })
  expect(failed).toMatchObject({ ok: false, detail: expect.stringContaining('lost') })
})

test('a stage that a run never names is a failure', () => {
  const stderr = '{"stage":"loading rows"}\n'
  expect(() => requireStages({ ...run, stderr }, ['loading rows'])).not.toThrow()
  expect(() => requireStages({ ...run, stderr }, ['loading'])).toThrow("never came to 'loading'")
})

test('a kill that came too late is told apart', () => {
  const done = { ...run, stderr: '', status: 0, disturbed: false }
  expect(ended({ ...run, stderr: '' }, 'SIGKILL')).toBe('SIGKILL: killed')
  expect(ended(done, 'SIGKILL')).toBe('ended before SIGKILL: exit 0')
})
