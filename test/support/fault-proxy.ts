import { readFile } from 'node:fs/promises'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { runProgram } from '#process/run-program'

/**
 * What happens to a request: it is answered by the service, at once or slowly, by an error of
 * the proxy's own, by nothing (a reset, or silence), its body is cut off on the way there, or its
 * answer is lost or cut off on the way back, after the service has carried it out. Or something in
 * between answers with success and a page of its own, or with nothing, or takes the end off a listing,
 * or says of what the service answers that it is a web page, and numbers it as Google does, or changes
 * a bit of a body, on the way there or back. Or it knows no way to the service, or the service says that
 * the session's token has run out; or its ETags are no MD5, as where it encrypts by SSE-KMS.
 */
export type Fate =
  | 'pass'
  | 'slow'
  | 403
  | 500
  | 503
  | 'reset'
  | 'silence'
  | 'cut-request'
  | 'lose-answer'
  | 'cut-answer'
  | 'web-page'
  | 'empty-answer'
  | 'endless-listing'
  | 'called-page'
  | 'google-page'
  | 'flip-request'
  | 'flip-answer'
  | 'no-route'
  | 'expired-token'
  | 'late-error'
  | 'other-etags'

/** How long a slow answer takes, in milliseconds. */
const SLOW_MS = 700

/** What the proxy answers by itself. */
const OWN_ANSWERS: Partial<Record<Fate, { status: number; type: string; body: string }>> = {
  'web-page': { status: 200, type: 'text/html', body: '<html>Please log in</html>' },
  'empty-answer': { status: 200, type: 'application/xml', body: '' },
  'no-route': { status: 404, type: 'text/plain', body: '404 page not found' },
  // As Amazon answers the end of an upload in parts that fails behind the head of the answer.
  'late-error': {
    status: 200,
    type: 'application/xml',
    body: '<?xml version="1.0"?><Error><Code>InternalError</Code></Error>',
  },
  'expired-token': {
    status: 400,
    type: 'application/xml',
    body: '<?xml version="1.0"?><Error><Code>ExpiredToken</Code></Error>',
  },
}

export interface FaultProxy {
  /** "http://127.0.0.1:1234", in place of the service's own. */
  endpoint: string
  /** "PUT /bucket/key", of every request that came. */
  requests: string[]
  close(): Promise<void>
}

/** A real proxy in front of a real service. The Host header stays: the signature covers it. */
export async function startFaultProxy(
  service: string,
  fate: (request: { method: string; url: string; n: number }) => Fate,
  tls?: { key: string; cert: string },
): Promise<FaultProxy> {
  const requests: string[] = []
  const handle = (incoming: IncomingMessage, answer: ServerResponse): void => {
    const { method = '', url = '' } = incoming
    requests.push(`${method} ${url}`)
    const decided = fate({ method, url, n: requests.length })
    incoming.on('error', () => {})
    if (decided === 'silence') return
    if (decided === 'reset') return void incoming.socket.destroy()
    if (decided === 'cut-request') return void cutRequest(service, incoming)
    if (decided === 'slow') {
      return void setTimeout(() => forward(service, incoming, answer, 'pass'), SLOW_MS)
    }
    const own = OWN_ANSWERS[decided]
    if (own) {
      incoming.resume()
      return void incoming.on('end', () =>
        answer.writeHead(own.status, { 'content-type': own.type }).end(own.body),
      )
    }
    if (typeof decided === 'number') {
      incoming.resume()
      return void incoming.on('end', () => answer.writeHead(decided).end())
    }
    forward(service, incoming, answer, decided)
  }
  const server: Server = tls ? createTlsServer(tls, handle) : createServer(handle)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    requests,
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** A certificate for the proxy, and the file that a client knows it by. */
export async function makeCertificate(
  folder: string,
): Promise<{ cert: string; tls: { key: string; cert: string } }> {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const form = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const made = ['-keyout', key, '-out', cert, '-days', '1', ...subject]
  await runProgram({ file: 'openssl', args: [], env: {} }, [...form, ...made])
  return { cert, tls: { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') } }
}

/** The service gets half of what was announced, and then nothing more. */
function cutRequest(service: string, incoming: IncomingMessage): void {
  const { method, url, headers } = incoming
  const onward = request(`${service}${url}`, { method, headers, agent: false })
  onward.on('error', () => {})
  let left = Math.floor(Number(headers['content-length'] ?? 0) / 2)
  const cut = (): void => {
    onward.destroy()
    incoming.socket.destroy()
  }
  incoming.on('data', (part: Buffer) => {
    onward.write(part.subarray(0, left))
    left -= part.length
    if (left <= 0) cut()
  })
  incoming.on('end', cut)
}

function forward(
  service: string,
  incoming: IncomingMessage,
  answer: ServerResponse,
  fate: Exclude<Fate, number | 'slow' | 'reset' | 'silence' | 'cut-request'>,
): void {
  const { method, url, headers } = incoming
  const onward = request(`${service}${url}`, { method, headers, agent: false }, reply => {
    const parts: Buffer[] = []
    reply.on('data', part => parts.push(part))
    reply.on('end', () => {
      if (fate === 'lose-answer') return void answer.socket?.destroy()
      const body = Buffer.concat(parts)
      if (fate === 'endless-listing') {
        return void answer.writeHead(200, { 'content-type': 'application/xml' }).end(endless(body))
      }
      const isCalled = fate === 'called-page' || fate === 'google-page'
      const called = isCalled ? { 'content-type': 'text/html' } : {}
      const sent = fate === 'google-page' ? asGoogle(reply.headers) : reply.headers
      answer.writeHead(reply.statusCode ?? 502, { ...sent, ...called })
      if (fate === 'flip-answer') flipBit(body)
      if (fate === 'other-etags') return void answer.end(withOtherEtags(body))
      if (fate !== 'cut-answer') return void answer.end(body)
      answer.write(body.subarray(0, body.length / 2), () => answer.socket?.destroy())
    })
  })
  onward.on('error', () => answer.socket?.destroy())
  if (fate !== 'flip-request') return void incoming.pipe(onward)
  const parts: Buffer[] = []
  incoming.on('data', part => parts.push(part))
  incoming.on('end', () => onward.end(flipBit(Buffer.concat(parts))))
}

/** In the middle: neither length nor form of the request changes. */
function flipBit(body: Buffer): Buffer {
  const at = Math.floor(body.length / 2)
  if (body.length > 0) body[at] = (body[at] ?? 0) ^ 1
  return body
}

/** Of the same length. */
function withOtherEtags(listing: Buffer): string {
  const other = (_all: string, before: string, etag: string): string =>
    `${before}${[...etag].reverse().join('')}`
  return listing.toString().replace(/(<ETag>(?:&quot;|"|&#34;)?)([0-9a-f]{32})/g, other)
}

/** No number of Amazon's, but one of its own. */
function asGoogle({
  'x-amz-request-id': number,
  'x-amz-id-2': _,
  ...headers
}: IncomingHttpHeaders): IncomingHttpHeaders {
  return { ...headers, 'x-guploader-uploadid': number }
}

/** More is to come, and it is not said from where on. */
function endless(listing: Buffer): string {
  const text = listing.toString().replace(/<Next(\w+)>[^<]*<\/Next\1>/g, '')
  return text.replace('<IsTruncated>false', '<IsTruncated>true')
}
