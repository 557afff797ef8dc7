import { resolve } from 'node:path'
import type { Clock } from '#core/clock'
import type { Progress } from '#core/progress'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import type { ConnectOptions } from '#engine/session'
import type { SnapshotAccess } from './open-snapshot.ts'
import { asDamage, type FilesProof, proveFiles, WITHOUT_PROOF } from './prove-files.ts'
import {
  type FilesSequel,
  type PhysicalRestoreOptions,
  type PhysicalRestoreReport,
  restorePhysically,
} from './restore-physically.ts'
import { pagesAgain, requireServerFor, startedCheck, withServerOnFiles } from './server-on-files.ts'

/**
 * `ecomdb restore --data-dir --prove`: as without, then a private server on the files reads every table, and is
 * stopped again. What it has changed of accounts, events and replication is as it was.
 *
 * @param readers connections that read
 * @throws EcomdbError UNSUPPORTED for another series of servers or an odd path: nothing was changed; what
 *   restorePhysically throws; CONTENT_MISMATCH: the directory is empty again
 */
export async function restoreProvedFiles(
  options: Omit<PhysicalRestoreOptions, 'sequel'>,
  readers: number,
  access: SnapshotAccess,
  engineFor: (family: EngineFamily) => Promise<Engine>,
  clock: Clock,
  progress: Progress,
): Promise<PhysicalRestoreReport> {
  let ranOn: string | null = null
  const findings: string[] = []
  const sequel: FilesSequel = {
    check: (engine, folder, files) => requireServerFor(engine, resolve(folder), files),
    async run(engine, layer, folder, stays) {
      progress.stage('starting a private server on the files')
      const { manifest } = layer
      const proof: FilesProof = { checks: [], catalog: null, read: null }
      let isRead = false
      const prove = async (connect: ConnectOptions, version: string): Promise<void> => {
        ranOn = version
        proof.checks.push(startedCheck(version))
        const place = { engine, connect, readers }
        await proveFiles(proof, { access, layer, place, replayed: false }, progress)
        isRead = true
      }
      const { aloneOptions } = engine.physicalBackups
      const { notes } = await withServerOnFiles(engine, folder, manifest, prove, {
        options: aloneOptions,
        stays,
      }).catch(error => {
        // A server that does not end in time has read them all.
        throw isRead ? error : asDamage(error)
      })
      findings.push(...notes)
      progress.stage('checking pages')
      return [...proof.checks, await pagesAgain(engine, folder, manifest, 'the proof')]
    },
    dropsSessions: false,
    hints: [WITHOUT_PROOF],
  }
  const proved = { ...options, sequel }
  const restored = await restorePhysically(proved, access, engineFor, clock, progress)
  return {
    ...restored,
    // Files that a newer patch release has had open are its own.
    serverVersion: ranOn ?? restored.serverVersion,
    findings: [...restored.findings, ...findings],
  }
}
