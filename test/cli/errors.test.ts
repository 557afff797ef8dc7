import { expect, test } from 'vitest'
import { ERROR_CODES } from '#core/errors'
import { runEcomdb } from '#test/cli'

test('explains a code, in any case, and an exit status', async () => {
  const byCode = await runEcomdb(['errors', 'locked'])
  expect(byCode.status).toBe(0)
  expect(byCode.stdout).toMatch(/^LOCKED \(exit 11\)\n {2}another run holds the lock\n {2}wait/)
  const byStatus = await runEcomdb(['errors', '13'])
  expect(byStatus.stdout).toContain('OBJECT_DAMAGED (exit 13)')
  expect(byStatus.stdout).toContain('SIGNATURE_INVALID (exit 13)')
})

test('lists all of them', async () => {
  const { json } = await runEcomdb(['errors', '--json'])
  const codes = json().result.errors.map(({ code }: { code: string }) => code)
  expect(codes.sort()).toEqual(Object.keys(ERROR_CODES).sort())
})

test('an unknown code is wrong usage', async () => {
  const { status, stderr } = await runEcomdb(['errors', 'LOKED'])
  expect(status).toBe(2)
  expect(stderr).toContain('error: there is no error code LOKED\n  hint: did you mean LOCKED?')
})
