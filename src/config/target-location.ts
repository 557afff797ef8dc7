import { resolve } from 'node:path'
import type { z } from 'zod'
import { EcomdbError } from '#core/errors'
import { MIB } from '#core/units'
import type { S3Place, TargetPlace } from '#domain/target-place'
import type { targetSchema } from './schema.ts'

/** The members of ecomdb.yaml that say where a target is. */
export type WrittenPlace = Pick<z.infer<typeof targetSchema>, 'directory' | 's3' | 'rate_limit_mib'>

/** A place as ecomdb.yaml says it, its paths relative to `folder`; null when it says none. */
export function writtenPlace(
  { directory, s3, rate_limit_mib }: WrittenPlace,
  folder: string,
): TargetPlace | null {
  const rateLimit = rate_limit_mib === undefined ? undefined : rate_limit_mib * MIB
  if (directory !== undefined) return { directory: resolve(folder, directory), rateLimit }
  return s3 ? { s3: s3Place(s3, folder), rateLimit } : null
}

function s3Place(written: NonNullable<WrittenPlace['s3']>, folder: string): S3Place {
  const beside = (path: string | undefined) => path && resolve(folder, path)
  return {
    bucket: written.bucket,
    prefix: (written.prefix ?? '').replace(/\/+$/, ''),
    endpoint: written.endpoint,
    region: written.region,
    // Amazon's own names are in the host; other services are rarely set up for that.
    pathStyle: written.path_style ?? written.endpoint !== undefined,
    caFile: beside(written.ca_file),
    profile: written.profile,
    credentialsFile: beside(written.credentials_file),
    checksums: written.checksums ?? 'when_supported',
    objectLock: written.object_lock,
    bucketOwnerFullControl: written.bucket_owner_full_control ?? false,
  }
}

/**
 * What --target, ECOMDB_TARGET, --from, --to and `ecomdb target add` take: a folder, or
 * `s3://bucket/prefix?endpoint=https://…&region=…` with further keys of target.s3. Of a bucket, what
 * it does not say is as ecomdb.yaml says of its own bucket.
 *
 * @param written of ecomdb.yaml, whose paths are relative to `folder`; none where the place is to stand by itself
 * @throws EcomdbError CONFIG_INVALID
 */
export async function placeOf(
  location: string,
  written: WrittenPlace = {},
  folder = '.',
): Promise<TargetPlace> {
  if (!location.startsWith('s3:')) return { directory: resolve(location) }
  const { targetSchema } = await import('./schema.ts')
  const { s3 } = parsedLocation(location)
  const known = Object.fromEntries(
    Object.entries(writtenPlace(written, folder)?.s3 ? (written.s3 ?? {}) : {}).filter(
      ([key]) => key !== 'bucket' && key !== 'prefix',
    ),
  )
  const parsed = targetSchema.safeParse({ s3: { ...known, ...s3 } })
  if (parsed.success) {
    const { rate_limit_mib } = written
    const place = writtenPlace({ ...parsed.data, rate_limit_mib }, folder)
    if (place) return place
  }
  throw wrongLocation(location, parsed.error?.issues[0]?.message ?? 'it says no place')
}

function parsedLocation(location: string): { s3: Record<string, unknown> } {
  let url: URL
  try {
    url = new URL(location)
  } catch {
    throw wrongLocation(location, 'it is no URL')
  }
  if (url.username || url.password) {
    throw wrongLocation('s3://…', 'credentials do not belong here: name a credentials_file')
  }
  const s3: Record<string, unknown> = { bucket: url.host, prefix: url.pathname.slice(1) }
  const lock: Record<string, unknown> = {}
  for (const [key, value] of url.searchParams) {
    if (key === 'lock_mode') lock['mode'] = value
    else if (key === 'lock_days') lock['days'] = Number(value)
    else if (key.endsWith('_file')) s3[key] = resolve(value)
    else s3[key] = value === 'true' ? true : value === 'false' ? false : value
  }
  if (Object.keys(lock).length > 0) s3['object_lock'] = lock
  return { s3 }
}

function wrongLocation(location: string, why: string): EcomdbError {
  return new EcomdbError('CONFIG_INVALID', {
    what: `cannot understand the target ${location.split('?')[0]}`,
    why,
    hints: [
      'a target is a folder, or s3://bucket/prefix, and then perhaps ?endpoint=https://…&credentials_file=…',
      'docs/configuration.md lists the keys below target.s3, which may stand there',
    ],
  })
}
