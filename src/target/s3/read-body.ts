import { checkEtag } from './not-from-service.ts'

interface Answer {
  ETag?: string | undefined
  ContentLength?: number | undefined
  Body?: { transformToByteArray(): Promise<Uint8Array> } | undefined
}

/** The body is a part of the try: an answer that breaks off is asked for again. */
export async function readWhole(answered: Promise<Answer>, signal: AbortSignal): Promise<Buffer> {
  const answer = await answered
  checkEtag(answer)
  const { Body, ContentLength } = answer
  const tooLate = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  const bytes = (await Promise.race([Body?.transformToByteArray(), tooLate])) ?? new Uint8Array()
  if (ContentLength !== undefined && bytes.byteLength !== ContentLength) {
    const error = new Error(`${bytes.byteLength} of ${ContentLength} bytes came`)
    error.name = 'IncompleteBodyError'
    throw error
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
