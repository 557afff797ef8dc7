import { expect, test } from 'vitest'
import { translateS3Error } from '#target/s3/s3-error'

const refused = (name: string): unknown => {
  const error = Object.assign(new Error('UnknownError'), {
    name,
    $metadata: { httpStatusCode: 403 },
  })
  return translateS3Error(error, 'cannot write', 's3://b/p')
}

test('what is answered with 403 is told by the word of the service', () => {
  expect(refused('AccessDenied')).toMatchObject({ why: 'permission denied (403)' })
  expect(refused('Unknown')).toMatchObject({ why: 'permission denied (403)' })
  expect(refused('AllAccessDisabled')).toMatchObject({
    ...{ code: 'STORAGE_FAILED', why: 'permission denied (403 AllAccessDisabled)' },
  })
  expect(refused('QuotaExceeded')).toMatchObject({
    ...{ code: 'STORAGE_FAILED', why: expect.stringContaining('s3://b/p is full') },
  })
  expect(refused('InvalidObjectState')).toMatchObject({
    ...{ code: 'STORAGE_FAILED', why: expect.stringContaining('archive') },
  })
})
