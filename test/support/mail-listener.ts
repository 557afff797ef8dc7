import { createServer as createHttpServer } from 'node:http'
import { createServer, type Socket } from 'node:net'

export interface MailListener {
  port: number
  /** Every message as it came: headers and text. */
  messages: string[]
  close(): void
}

/** A mail server on loopback that speaks enough SMTP (RFC 5321) to take a message. */
export async function listenForMail(): Promise<MailListener> {
  const messages: string[] = []
  const server = createServer(socket => receive(socket, messages))
  return { port: await portOf(server), messages, close: () => server.close() }
}

function receive(socket: Socket, messages: string[]): void {
  let rest = ''
  let data: string[] | null = null
  const answer = (line: string): void => void socket.write(`${line}\r\n`)
  const take = (line: string): void => {
    if (data) {
      if (line !== '.') {
        data.push(line.replace(/^\./, ''))
        return
      }
      messages.push(data.join('\n'))
      data = null
      answer('250 taken')
      return
    }
    const verb = line.slice(0, 4).toUpperCase()
    if (verb === 'DATA') {
      data = []
      answer('354 go on')
    } else if (verb === 'QUIT') {
      answer('221 bye')
      socket.end()
    } else answer('250 ok')
  }
  socket.on('error', () => {})
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\r\n')
    rest = lines.pop() ?? ''
    for (const line of lines) take(line)
  })
  answer('220 test')
}

export interface WebListener {
  url: string
  /** `GET /path` or `POST /path body`, in order. */
  requests: string[]
  /** The status that is answered. */
  status: number
  close(): void
}

export async function listenForWeb(): Promise<WebListener> {
  const listener: WebListener = { url: '', requests: [], status: 200, close: () => server.close() }
  const server = createHttpServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', part => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('utf8')
      listener.requests.push(`${request.method} ${request.url}${body && ` ${body}`}`)
      response.writeHead(listener.status, { connection: 'close' }).end()
    })
  })
  listener.url = `http://127.0.0.1:${await portOf(server)}`
  return listener
}

async function portOf(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}
