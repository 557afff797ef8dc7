import { EcomdbError } from '#core/errors'

/** What the promise gives, or null where the account lacks the privilege for it. */
export async function unlessRefused<Value>(work: Promise<Value>): Promise<Value | null> {
  try {
    return await work
  } catch (error) {
    if (error instanceof EcomdbError && error.code === 'PRIVILEGE_MISSING') return null
    throw error
  }
}
