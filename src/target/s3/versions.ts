import { ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import { checkPage } from './not-from-service.ts'
import type { S3Requests } from './requests.ts'

/** All that a bucket keeps under one name. */
export interface KeptVersions {
  key: string
  /** Oldest first: the first one is the file. Empty where only delete markers are left. */
  versions: readonly KeptVersion[]
  /** A delete marker lies on top: the name looks removed. */
  hidden: boolean
  /** Ids of all delete markers. */
  markers: readonly string[]
}

export interface KeptVersion {
  versionId: string
  sizeBytes: number
  /** With its quotes taken off. */
  etag: string
}

interface Gathered extends KeptVersions {
  versions: KeptVersion[]
  markers: string[]
}

/**
 * Names that start with `prefix` in byte order, with all their versions; also those that only
 * delete markers are left of.
 */
export async function* keptVersions(
  requests: S3Requests,
  bucket: string,
  prefix: string,
  pageSize = 1000,
): AsyncIterable<KeptVersions> {
  let gathered = null as Gathered | null
  for await (const entry of entries(requests, bucket, prefix, pageSize)) {
    if (gathered?.key !== entry.key) {
      if (gathered) yield gathered
      gathered = { key: entry.key, versions: [], hidden: false, markers: [] }
    }
    if (entry.version) gathered.versions.unshift(entry.version)
    else gathered.markers.push(entry.versionId)
    if (!entry.version && entry.latest) gathered.hidden = true
  }
  if (gathered) yield gathered
}

interface Entry {
  key: string
  versionId: string
  latest: boolean
  /** null: a delete marker. */
  version: KeptVersion | null
}

/** By name; of each name the newest first, delete markers after the versions of a page. */
async function* entries(
  requests: S3Requests,
  bucket: string,
  prefix: string,
  pageSize: number,
): AsyncIterable<Entry> {
  let keyMarker: string | undefined
  let versionMarker: string | undefined
  for (;;) {
    const input = {
      Bucket: bucket,
      Prefix: prefix,
      MaxKeys: pageSize,
      KeyMarker: keyMarker,
      VersionIdMarker: versionMarker,
    }
    const page = await requests.run(
      `cannot list the versions of ${prefix}`,
      0,
      async (client, abortSignal) => {
        const answer = await client.send(new ListObjectVersionsCommand(input), { abortSignal })
        checkPage(answer, answer.NextKeyMarker)
        return answer
      },
    )
    const found: Entry[] = [
      ...(page.Versions ?? []).map(one => ({
        key: one.Key ?? '',
        versionId: one.VersionId ?? 'null',
        latest: one.IsLatest === true,
        version: {
          versionId: one.VersionId ?? 'null',
          sizeBytes: one.Size ?? 0,
          etag: bareEtag(one.ETag),
        },
      })),
      ...(page.DeleteMarkers ?? []).map(one => ({
        key: one.Key ?? '',
        versionId: one.VersionId ?? 'null',
        latest: one.IsLatest === true,
        version: null,
      })),
    ]
    // A stable sort by name: the versions of a name stay in the order of the service.
    yield* found.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
    if (!page.IsTruncated) return
    keyMarker = page.NextKeyMarker
    versionMarker = page.NextVersionIdMarker
  }
}

export function bareEtag(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '')
}
