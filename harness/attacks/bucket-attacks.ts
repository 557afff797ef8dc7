import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { generateSigningKey } from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import type { S3Place } from '#domain/target-place'

/** A bucket with locks that holds the repository, and its owner's client. */
export interface VictimBucket {
  owner: S3Client
  place: S3Place
  first: SnapshotEnvelope
  second: SnapshotEnvelope
}

export interface BucketAttack {
  name: string
  change(bucket: VictimBucket): Promise<void>
  /**
   * named: the locked content is read, verify names what was laid over it (exit 3). refused:
   * nobody believes it: verify, and a restore and a drill of 'latest', say so (exit 13).
   */
  outcome: 'named' | 'refused'
}

/** What somebody tries who may put into a bucket that locks what is there. */
export const BUCKET_ATTACKS: readonly BucketAttack[] = [
  {
    name: 'an object laid over a locked one',
    outcome: 'named',
    change: at => lay(at, at.second.objects[0]?.path ?? '', Buffer.from('theirs')),
  },
  {
    name: 'another object of the repository laid over a locked one',
    outcome: 'named',
    async change(at) {
      const [one, other] = at.second.objects
      await lay(at, one?.path ?? '', await read(at, other?.path ?? ''))
    },
  },
  {
    name: 'a manifest laid over a locked one',
    outcome: 'named',
    change: async at => lay(at, at.second.manifest.path, await read(at, at.first.manifest.path)),
  },
  {
    name: 'an old envelope laid over the newest',
    outcome: 'named',
    change: async at => lay(at, envelopeOf(at.second), await read(at, envelopeOf(at.first))),
  },
  {
    name: "a stranger's envelope laid over the newest",
    outcome: 'named',
    change: at =>
      lay(at, envelopeOf(at.second), signStatement('snapshot', at.first, generateSigningKey())),
  },
  {
    name: 'a delete marker over the newest envelope',
    outcome: 'named',
    change: at => hide(at, envelopeOf(at.second)),
  },
  {
    name: 'delete markers over all objects of a snapshot',
    outcome: 'named',
    async change(at) {
      for (const { path } of at.second.objects) await hide(at, path)
    },
  },
  {
    name: "another repository's ecomdb-repository.json laid over it",
    outcome: 'named',
    change: at =>
      lay(
        at,
        'ecomdb-repository.json',
        Buffer.from('{"kind":"ecomdb-repository","format":1,"repositoryId":"0"}'),
      ),
  },
  {
    name: 'a snapshot planted beside the locked ones',
    outcome: 'refused',
    async change(at) {
      const snapshotId = '0fffffff-ffff-7fff-bfff-ffffffffffff'
      const planted = { ...at.second, snapshotId }
      await lay(at, envelopeOf(planted), signStatement('snapshot', planted, generateSigningKey()))
    },
  },
]

const envelopeOf = ({ snapshotId }: SnapshotEnvelope): string =>
  `snapshots/${snapshotId}/snapshot.json`

const keyOf = ({ place }: VictimBucket, path: string): { Bucket: string; Key: string } => ({
  Bucket: place.bucket,
  Key: `${place.prefix}/${path}`,
})

async function lay(at: VictimBucket, path: string, Body: Uint8Array): Promise<void> {
  await at.owner.send(new PutObjectCommand({ ...keyOf(at, path), Body }))
}

async function hide(at: VictimBucket, path: string): Promise<void> {
  await at.owner.send(new DeleteObjectCommand(keyOf(at, path)))
}

async function read(at: VictimBucket, path: string): Promise<Uint8Array> {
  const { Body } = await at.owner.send(new GetObjectCommand(keyOf(at, path)))
  return (await Body?.transformToByteArray()) ?? new Uint8Array()
}
