/** Where a target is: as the configuration or --target says, with absolute paths. */
export type TargetPlace = (
  | { directory: string; s3?: undefined }
  | { s3: S3Place; directory?: undefined }
) & {
  /** Bytes per second that may be read or written; undefined: as fast as it goes. */
  rateLimit?: number | undefined
}

/** A part of a bucket. Secrets come from files or the environment, and never stand here. */
export interface S3Place {
  bucket: string
  /** 'backups/shop': names begin with it and a slash; '' for the whole bucket. */
  prefix: string
  /** "https://s3.example.org"; undefined: Amazon's, or AWS_ENDPOINT_URL_S3. */
  endpoint?: string | undefined
  region?: string | undefined
  /** The bucket stands in the path and not in the host name. */
  pathStyle: boolean
  /** PEM, of the CA that signed the endpoint's certificate. */
  caFile?: string | undefined
  /** A section of the credentials file, or of ~/.aws. */
  profile?: string | undefined
  /** Of mode 0600, in the format of ~/.aws/credentials. */
  credentialsFile?: string | undefined
  /** when_required: for services that refuse the SDK's own checksums. */
  checksums: 'when_supported' | 'when_required'
  objectLock?: { mode: 'governance' | 'compliance'; days: number } | undefined
  /** Objects of another account's bucket become that account's, too. */
  bucketOwnerFullControl: boolean
}

/** For messages: "/mnt/backup" or "s3://bucket/prefix". */
export function placeLabel({ directory, s3 }: TargetPlace): string {
  return directory ?? `s3://${[s3?.bucket, s3?.prefix].filter(Boolean).join('/')}`
}

/** Equal for what is one place, however fast it may be written to and with whichever credentials. */
export function placeKey({ directory, s3 }: TargetPlace): string {
  return directory ?? JSON.stringify([s3?.endpoint, s3?.bucket, s3?.prefix])
}
