import { cp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '#core/clock'
import { generateSigningKey } from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import { openRepository } from '#repository/repository'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { commitSnapshot, type TestKeys } from '#test/snapshots'

/** A copy of a repository with two snapshots, that an attack may change as it likes. */
export interface Victim {
  path: string
  keys: TestKeys
  /** By their own, right envelopes. */
  first: SnapshotEnvelope
  second: SnapshotEnvelope
  /** Another shop's repository: other identities, the same signer. */
  stranger: { path: string; snapshotId: string }
  /** Another shop's repository, of other people. */
  foreign: { path: string }
}

export interface Attack {
  name: string
  /** Somebody who may write to the target, and has public keys only. */
  change(victim: Victim): Promise<void>
  /** Codes with which restore, verify and drill of 'latest' refuse; null where all is well. */
  refusedWith: readonly string[] | null
  /**
   * verify has no identity, and believes whom the user trusts: it cannot tell another
   * repository of the same people. restore and drill can.
   */
  verifyPasses?: true
  /** The first snapshot is as it was, and must stay usable. */
  sparesFirst?: true
  /** The snapshot that restore and drill ask for: 'latest' by default. */
  asks?(victim: Victim): string
}

const SIGNATURE = ['SIGNATURE_INVALID']
const DAMAGED = ['OBJECT_DAMAGED']
/** A snapshot that is in the wrong place: its signature is right, and it is not believed. */
const NOT_THIS_ONE = ['SIGNATURE_INVALID', 'OBJECT_DAMAGED', 'SNAPSHOT_NOT_FOUND']
/** Newer than every snapshot. */
const LATER = '0fffffff-ffff-7fff-bfff-ffffffffffff'

export const REPOSITORY_ATTACKS: readonly Attack[] = [
  {
    name: 'a snapshot planted by someone with the public key and a key of their own',
    refusedWith: SIGNATURE,
    sparesFirst: true,
    async change({ path, keys }) {
      const own = generateSigningKey()
      const options = { ...keys.options, signingKey: own, trustedSigners: [own.signer] }
      await commitSnapshot(await openRepository(openDirectoryTarget(path)), options, ['6\n'])
    },
  },
  {
    name: 'a planted snapshot that names the trusted key',
    refusedWith: SIGNATURE,
    sparesFirst: true,
    async change({ path, keys, second }) {
      const forged = JSON.parse(signed({ ...second, snapshotId: LATER }))
      forged.signatures[0].keyid = keys.signingKey.signer
      await plant(path, second, LATER, `${JSON.stringify(forged)}\n`)
    },
  },
  {
    name: 'an envelope without a signature',
    refusedWith: SIGNATURE,
    sparesFirst: true,
    async change({ path, second }) {
      const statement = JSON.parse(signed({ ...second, snapshotId: LATER }))
      await plant(path, second, LATER, `${JSON.stringify({ ...statement, signatures: [] })}\n`)
    },
  },
  {
    name: 'an old snapshot replayed as new, under a later id',
    refusedWith: NOT_THIS_ONE,
    sparesFirst: true,
    async change({ path, first }) {
      await cp(folderOf(path, first.snapshotId), folderOf(path, LATER), { recursive: true })
    },
  },
  {
    name: 'an old envelope in the place of a new one',
    refusedWith: NOT_THIS_ONE,
    sparesFirst: true,
    async change({ path, first, second }) {
      await cp(envelopeOf(path, first.snapshotId), envelopeOf(path, second.snapshotId))
    },
  },
  {
    name: 'an old manifest in the place of a new one',
    refusedWith: DAMAGED,
    sparesFirst: true,
    async change({ path, first, second }) {
      const name = (id: string): string => join(folderOf(path, id), 'manifest.age')
      await cp(name(first.snapshotId), name(second.snapshotId))
    },
  },
  {
    name: 'an envelope whose payload was edited',
    refusedWith: SIGNATURE,
    sparesFirst: true,
    async change({ path, second }) {
      await editStatement(envelopeOf(path, second.snapshotId), statement => {
        const payload = JSON.parse(Buffer.from(statement.payload, 'base64').toString())
        payload.objects = payload.objects.slice(1)
        statement.payload = Buffer.from(JSON.stringify(payload)).toString('base64')
      })
    },
  },
  {
    name: 'an attestation passed off as an envelope',
    refusedWith: SIGNATURE,
    sparesFirst: true,
    async change({ path, second }) {
      await editStatement(envelopeOf(path, second.snapshotId), statement => {
        statement.payloadType = 'application/vnd.ecomdb.attestation+json'
      })
    },
  },
  {
    name: 'an envelope that is cut off',
    refusedWith: SIGNATURE,
    sparesFirst: true,
    change: ({ path, second }) => truncate(envelopeOf(path, second.snapshotId), 100),
  },
  {
    name: 'two objects swapped',
    refusedWith: DAMAGED,
    async change({ path, second }) {
      const [one, other] = ownObjects(second).map(object => join(path, object.path))
      if (!one || !other) throw new Error('the snapshot has one object only')
      await rename(one, `${one}.aside`)
      await rename(other, one)
      await rename(`${one}.aside`, other)
    },
  },
  {
    name: 'an older object of the same table in the place of a new one',
    refusedWith: DAMAGED,
    sparesFirst: true,
    async change({ path, first, second }) {
      const known = new Set(first.objects.map(object => object.path))
      const newer = second.objects.find(object => !known.has(object.path))
      await cp(join(path, first.objects[0]?.path ?? ''), join(path, newer?.path ?? ''))
    },
  },
  {
    name: 'an object with one other bit',
    refusedWith: DAMAGED,
    change: ({ path, second }) =>
      editFile(join(path, second.objects[0]?.path ?? ''), bytes => {
        bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1
      }),
  },
  {
    name: 'an object that is cut off',
    refusedWith: DAMAGED,
    change: ({ path, second }) => truncate(join(path, second.objects[0]?.path ?? ''), 300),
  },
  {
    name: 'an object that is gone',
    refusedWith: DAMAGED,
    change: ({ path, second }) => rm(join(path, second.objects[0]?.path ?? '')),
  },
  {
    name: 'an object that its own owner could decrypt, encrypted anew',
    refusedWith: DAMAGED,
    async change({ path, second, stranger }) {
      const objects = await objectFiles(stranger.path)
      await cp(objects[0] ?? '', join(path, second.objects[0]?.path ?? ''))
    },
  },
  {
    name: "another shop's snapshot, by the same signer",
    refusedWith: NOT_THIS_ONE,
    sparesFirst: true,
    async change({ path, stranger }) {
      await cp(join(stranger.path, 'snapshots'), join(path, 'snapshots'), { recursive: true })
      await cp(join(stranger.path, 'objects'), join(path, 'objects'), { recursive: true })
    },
    asks: ({ stranger }) => stranger.snapshotId,
  },
  {
    name: "another shop's repository in the place of this one",
    refusedWith: SIGNATURE,
    async change({ path, foreign }) {
      await rm(path, { recursive: true })
      await cp(foreign.path, path, { recursive: true })
    },
  },
  {
    name: 'another repository of the same people in the place of this one',
    refusedWith: ['WRONG_IDENTITY'],
    verifyPasses: true,
    async change({ path, stranger }) {
      await rm(path, { recursive: true })
      await cp(stranger.path, path, { recursive: true })
    },
  },
  {
    name: 'another repository id in ecomdb-repository.json',
    refusedWith: SIGNATURE,
    async change({ path, stranger }) {
      await cp(join(stranger.path, MARKER), join(path, MARKER))
    },
  },
  {
    name: "a stranger's attestation that good objects are damaged",
    refusedWith: null,
    async change({ path, second }) {
      const repository = await openRepository(openDirectoryTarget(path))
      const damaged = second.objects.map(object => ({ path: object.path, problem: 'so they say' }))
      const now = systemClock.now().toISOString()
      const { snapshotId } = second
      await repository.putAttestation(
        {
          ...{ snapshotId, kind: 'verify', outcome: 'failed', damaged, details: {} },
          ...{ startedAt: now, completedAt: now },
        },
        { signingKey: generateSigningKey(), trustedSigners: [], clock: systemClock },
      )
    },
  },
]

const MARKER = 'ecomdb-repository.json'
const folderOf = (path: string, id: string): string => join(path, 'snapshots', id)
const envelopeOf = (path: string, id: string): string => join(folderOf(path, id), 'snapshot.json')

/** Signed by somebody. */
function signed(envelope: SnapshotEnvelope): string {
  return signStatement('snapshot', envelope, generateSigningKey()).toString()
}

async function plant(
  path: string,
  like: SnapshotEnvelope,
  id: string,
  envelope: string,
): Promise<void> {
  await cp(folderOf(path, like.snapshotId), folderOf(path, id), { recursive: true })
  await writeFile(envelopeOf(path, id), envelope)
}

/** Of one size or not: what counts is that both are needed. */
function ownObjects({ objects }: SnapshotEnvelope): SnapshotEnvelope['objects'] {
  return objects.toSorted((a, b) => b.bytes - a.bytes)
}

async function editStatement(
  file: string,
  edit: (statement: { payload: string; payloadType: string }) => void,
): Promise<void> {
  const statement = JSON.parse(await readFile(file, 'utf8'))
  edit(statement)
  await writeFile(file, `${JSON.stringify(statement)}\n`)
}

async function editFile(file: string, edit: (bytes: Buffer) => void): Promise<void> {
  const bytes = await readFile(file)
  edit(bytes)
  await writeFile(file, bytes)
}

async function objectFiles(path: string): Promise<string[]> {
  const entries = await readdir(join(path, 'objects'), { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}
