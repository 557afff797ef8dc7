import { type AddressInfo, connect, createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '#core/secret'
import { makeAuthority } from '#crypto/certificate'
import type { ConnectOptions } from '#engine/session'
import { TEST_ENGINES } from '#test/engines'
import { startTlsServer, type TlsServer } from '#test/tls-server'

const MADE = "IDENTIFIED BY 'pass word 9'"

describe.each(TEST_ENGINES)('a server with certificates of ecomdb: %s', family => {
  let tls: TlsServer
  let ours: ConnectOptions
  beforeAll(async () => {
    tls = await startTlsServer(family)
    ours = {
      user: 't_tls',
      password: new Secret('pass word 9'),
      tlsCa: tls.authority,
      port: tls.port,
    }
    const root = await tls.engine.connect(tls.server.administrator)
    for (const host of ['localhost', '127.0.0.1', '::1']) {
      await root.run(`CREATE USER 't_tls'@'${host}' ${MADE} REQUIRE SSL`)
    }
    await root.close()
  })
  afterAll(async () => await tls?.remove())

  async function cipher(options: ConnectOptions): Promise<string> {
    const session = await tls.engine.connect(options)
    try {
      const [row] = await session.rows("SHOW SESSION STATUS LIKE 'Ssl_version'")
      return String(row?.['Value'])
    } finally {
      await session.close()
    }
  }

  test.each(['localhost', '127.0.0.1'])('TLS with the name checked, as %s', async host => {
    expect(await cipher({ ...ours, host })).toMatch(/^TLSv1\.[23]$/)
  })

  test('a certificate is not good for an address that it does not name', async () => {
    const proxy = createServer(client => {
      client.pipe(connect(tls.port, '127.0.0.1')).pipe(client)
    })
    const address = '127.0.0.2'
    await new Promise<void>(resolve => proxy.listen(0, address, resolve))
    try {
      const { port } = proxy.address() as AddressInfo
      const refused = await cipher({ ...ours, host: address, port }).catch(error => error)
      expect(refused).toMatchObject({ code: 'SERVER_REFUSED' })
      expect(refused.why).toContain(`IP: ${address} is not in the cert's list`)
    } finally {
      proxy.close()
    }
  })

  test('over the socket, where there is no name to check', async () => {
    const { socketPath } = tls.server
    expect(await cipher({ ...ours, port: undefined, socketPath })).toMatch(/^TLSv1\.[23]$/)
  })

  test('another authority of the same name is not believed, and no TLS is not let in', async () => {
    const until = new Date('2060-01-01')
    const other = makeAuthority('ecomdb certificate authority', new Date('2020-01-01'), until)
    const host = '127.0.0.1'
    const refused = await cipher({ ...ours, host, tlsCa: other.certificate }).catch(error => error)
    expect(refused).toMatchObject({ code: 'SERVER_REFUSED' })
    const plain = await cipher({ ...ours, host, tlsCa: undefined }).catch(error => error)
    expect(plain).toMatchObject({ code: 'AUTHENTICATION_REFUSED' })
  })
})
