import { createServer as createHttpServer } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

export interface MailListener {
  port: number
  /** Every message as it came: headers and text. */
  messages: string[]
  /** The verbs of all clients, in order: `EHLO`, `TLS AUTH`. */
  said: string[]
  close(): void
}

/** What a mail server asks of its clients. */
export interface MailRules {
  /** It offers STARTTLS (RFC 3207) with this key and certificate, in PEM. */
  tls?: { key: string; cert: string }
  /** Nobody sends without this login (RFC 4954, PLAIN), which it offers over TLS only. */
  login?: { user: string; password: string }
}

/** A mail server on loopback that speaks enough SMTP (RFC 5321) to take a message. */
export async function listenForMail(rules: MailRules = {}): Promise<MailListener> {
  const messages: string[] = []
  const said: string[] = []
  const server = createServer(socket => {
    receive(socket, { ...rules, messages, said })
    socket.write('220 test\r\n')
  })
  return { port: await portOf(server), messages, said, close: () => server.close() }
}

type Mailbox = MailRules & Pick<MailListener, 'messages' | 'said'>

function receive(socket: Socket, box: Mailbox): void {
  let rest = ''
  let data: string[] | null = null
  let loggedIn = box.login === undefined
  const secure = socket instanceof TLSSocket
  const answers: Record<string, (line: string) => string> = {
    EHLO: () => {
      if (box.tls && !secure) return '250-test\r\n250 STARTTLS'
      return box.login && secure ? '250-test\r\n250 AUTH PLAIN' : '250 test'
    },
    AUTH: line => {
      const [, user, password] = Buffer.from(line.split(' ')[2] ?? '', 'base64')
        .toString()
        .split('\0')
      loggedIn = secure && user === box.login?.user && password === box.login?.password
      return loggedIn ? '235 welcome' : '535 who are you?'
    },
    MAIL: () => (loggedIn ? '250 ok' : '530 log in first'),
    DATA: () => {
      data = []
      return '354 go on'
    },
    QUIT: () => '221 bye',
    STAR: () => '502 not here',
  }
  const take = (line: string): void => {
    if (data) {
      if (line !== '.') return void data.push(line.replace(/^\./, ''))
      box.messages.push(data.join('\n'))
      data = null
      return void socket.write('250 taken\r\n')
    }
    const verb = line.slice(0, 4).toUpperCase()
    box.said.push(`${secure ? 'TLS ' : ''}${verb}`)
    if (verb === 'STAR' && box.tls) startTls(socket, box)
    else socket.write(`${answers[verb]?.(line) ?? '250 ok'}\r\n`)
    if (verb === 'QUIT') socket.end()
  }
  socket.on('error', () => {})
  socket.on('data', chunk => {
    const lines = (rest + chunk.toString('utf8')).split('\r\n')
    rest = lines.pop() ?? ''
    for (const line of lines) take(line)
  })
}

function startTls(socket: Socket, box: Mailbox): void {
  socket.removeAllListeners('data')
  socket.write('220 go on\r\n')
  const secure = new TLSSocket(socket, { isServer: true, ...box.tls })
  receive(secure, box)
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
