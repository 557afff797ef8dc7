import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { engineFor } from '#cli/wire'
import { systemClock } from '#core/clock'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import { makeFolder } from '#test/temporary'
import { issueCertificates } from '#workflow/harden/issue-certificates'

export interface TlsServer {
  engine: Engine
  server: RunningServer
  port: number
  /** PEM of the authority that issued the server's certificate. */
  authority: string
  certificates: string
  remove(): Promise<void>
}

/** A server of a test's own on a port of this machine, with certificates that ecomdb made. */
export async function startTlsServer(
  family: EngineFamily,
  serverOptions: readonly string[] = [],
): Promise<TlsServer> {
  const engine = await engineFor(family)
  const folder = await makeFolder()
  const certificates = join(folder, 'tls')
  await issueCertificates({ folder: certificates, names: [], days: 1, clock: systemClock })
  const server = await engine.scratchServers.start({
    folder: join(folder, 'server'),
    tcp: true,
    purpose: 'sandbox',
    serverOptions: [
      `--ssl-ca=${join(certificates, 'ca.pem')}`,
      `--ssl-cert=${join(certificates, 'server-cert.pem')}`,
      `--ssl-key=${join(certificates, 'server-key.pem')}`,
      ...serverOptions,
    ],
  })
  if (server.port === null) throw new Error('the server has no port')
  return {
    ...{ engine, server, port: server.port, certificates },
    authority: await readFile(join(certificates, 'ca.pem'), 'utf8'),
    async remove() {
      await engine.scratchServers.remove(server.folder)
      await rm(folder, { recursive: true, force: true })
    },
  }
}
