import { EcomdbError, type ErrorCode } from '#core/errors'

/** @throws Error when it is not refused, or with another code */
export async function refused(attempt: Promise<unknown>, ...codes: ErrorCode[]): Promise<string> {
  const error: unknown = await attempt.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (error instanceof EcomdbError && codes.includes(error.code)) return error.code
  throw new Error(`expected ${codes.join(' or ')}, got ${String(error ?? 'a success')}`)
}
