import type { S3Client } from '@aws-sdk/client-s3'

/** What was answered with success, and is no answer of the service: another try may get through. */
export const NOT_FROM_SERVICE = 'NotFromServiceError'

export function notFromService(why: string, answered = 'with success'): Error {
  const error = new Error(`it was answered ${answered}, and ${why}`)
  error.name = NOT_FROM_SERVICE
  return error
}

/**
 * A gateway that knows no way to the service says 404, too, and what it does not find is not missing: a
 * service says so in XML, or numbers the request.
 *
 * A page of a gateway or a proxy (a login, "please wait") with the status 200 is read by the SDK as
 * an answer in which nothing stands: an empty listing, a file that was taken or removed. A service that
 * says "text/html" of its own answers, as some do, has numbered the request; and services answer a
 * removal with 204, which has no page.
 */
export function refusePages(client: S3Client): void {
  client.middlewareStack.add(
    next => async args => {
      const result = await next(args)
      const { statusCode = 0, headers = {} } = result.response as Answer
      const { method } = args.request as { method?: string }
      const isNumbered = NUMBERS.some(name => headers[name])
      if (statusCode === 404 && !isNumbered && !/\bxml\b/i.test(headers['content-type'] ?? '')) {
        throw notFromService('the request has no number', 'with 404')
      }
      if (statusCode >= 300 || statusCode === 204 || isNumbered) return result
      const isPage = /^text\/html/i.test(headers['content-type'] ?? '')
      if (isPage) throw notFromService('with a web page')
      if (method === 'DELETE') throw notFromService('the request has no number')
      return result
    },
    // Closer to the line than what reads the answer.
    { name: 'refusePages', step: 'deserialize', priority: 'low' },
  )
}

/** Amazon's and whose software follows it; Google's, which calls its own answers text/html. */
const NUMBERS = ['x-amz-request-id', 'x-amz-id-2', 'x-guploader-uploadid']

interface Answer {
  statusCode?: number
  headers?: Record<string, string>
}

/**
 * A page of a listing says whether it is the last one, and else where the next one begins. One that
 * does not is not taken for the end: what is not listed would be taken for missing.
 */
export function checkPage(
  { IsTruncated }: { IsTruncated?: boolean | undefined },
  next: string | undefined,
): void {
  if (IsTruncated === undefined) throw notFromService('it is no listing')
  if (IsTruncated && !next) throw notFromService('the listing does not say how it goes on')
}

/** Every answer to a put, and to a get, has one. */
export function checkEtag({ ETag }: { ETag?: string | undefined }): void {
  if (!ETag) throw notFromService('it names no ETag')
}
