import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { zstdCompress } from 'node:zlib'
import { systemClock } from '#core/clock'
import type { Secret } from '#core/secret'
import {
  generateDedupKey,
  generateIdentity,
  generateSigningKey,
  type IdentityPair,
  type SigningKey,
} from '#crypto/key-files'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import type { Manifest, PieceEntry } from '#domain/backup/manifest'
import type { Position } from '#domain/backup/position'
import type { Repository, SnapshotOptions } from '#repository/repository'

const compress = promisify(zstdCompress)

/** Keys of a little shop: two identities, a signing key, a dedup key. */
export interface TestKeys {
  operations: IdentityPair
  escrow: IdentityPair
  signingKey: SigningKey
  dedupKey: Secret
  options: SnapshotOptions
}

export async function makeKeys(signingKey = generateSigningKey()): Promise<TestKeys> {
  const [operations, escrow] = [await generateIdentity(), await generateIdentity()]
  const dedupKey = generateDedupKey()
  const options = {
    recipients: [operations.recipient, escrow.recipient],
    dedupKey,
    signingKey,
    trustedSigners: [signingKey.signer],
    sourceId: 'test-source',
    clock: systemClock,
  }
  return { operations, escrow, signingKey, dedupKey, options }
}

/** Commits a snapshot of one table `shop`.`t`, one piece for each text, without a server. */
export async function commitSnapshot(
  repository: Repository,
  options: SnapshotOptions,
  texts: readonly string[],
  position?: Position,
): Promise<{ envelope: SnapshotEnvelope; manifest: Manifest; reused: number }> {
  const writer = await repository.startSnapshot(options)
  try {
    const pieces: PieceEntry[] = []
    let reused = 0
    for (const text of texts) {
      const plain = Buffer.from(text)
      const sha256 = createHash('sha256').update(plain).digest()
      const outcome = await writer.storePiece([await compress(plain)], sha256)
      reused += outcome.reused ? 1 : 0
      pieces.push({
        path: outcome.stored.path,
        rows: text.split('\n').length - 1,
        bytes: plain.length,
        sha256: sha256.toString('hex'),
      })
    }
    const manifest = manifestOf(writer.snapshotId, pieces, texts)
    const rows = manifest.tables[0]?.rows ?? 0
    const envelope = await writer.commit(
      {
        method: 'logical',
        engine: 'mariadb',
        serverVersion: '10.11.0-test',
        startedAt: options.clock.now().toISOString(),
        consistentAt: options.clock.now().toISOString(),
        tables: [{ id: writer.tableId('shop', 't'), rows, bytes: 0, chunkStep: null }],
        ...(position ? { position } : {}),
      },
      manifest,
      {
        accounts: '',
        schema: 'CREATE DATABASE `shop`;\n',
        loads: [{ schema: 'shop', table: 't', sql: 'LOAD DATA …' }],
        optional: '',
        finish: '',
        check: '',
      },
    )
    return { envelope, manifest, reused }
  } finally {
    await writer.close()
  }
}

function manifestOf(
  snapshotId: string,
  pieces: readonly PieceEntry[],
  texts: readonly string[],
): Manifest {
  const rows = pieces.reduce((sum, piece) => sum + piece.rows, 0)
  const all = Buffer.from(texts.join(''))
  return {
    format: 1,
    snapshotId,
    engine: 'mariadb',
    serverVersion: '10.11.0-test',
    position: { engine: 'mariadb', file: null, offset: null, gtidSet: '' },
    proof: {
      method: 'single-reader',
      readers: 1,
      lockedMs: 0,
      consistentAt: '2026-11-20T12:00:00.000Z',
      steps: [],
      definitionsUnchanged: true,
    },
    settings: {},
    databases: [{ name: 'shop', create: 'CREATE DATABASE `shop`' }],
    tables: [
      {
        schema: 'shop',
        name: 't',
        create: 'CREATE TABLE `t` (`a` INT PRIMARY KEY)',
        storageEngine: 'InnoDB',
        rows,
        key: { columns: ['a'], kind: 'integer' },
        columns: [{ name: 'a', read: '`a`', store: null }],
        chunks: [
          {
            from: null,
            to: null,
            rows,
            bytes: all.length,
            hash: { kind: 'ordered', value: createHash('sha256').update(all).digest('hex') },
            pieces,
          },
        ],
        chunkStep: null,
      },
    ],
    programs: [],
    accounts: [],
    probes: [],
  }
}
