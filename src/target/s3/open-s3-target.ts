import { readFile } from 'node:fs/promises'
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import type { Clock } from '#core/clock'
import { EcomdbError, messageOf } from '#core/errors'
import { MIB } from '#core/units'
import { placeLabel, type S3Place } from '#domain/target-place'
import type { Target } from '../target.ts'
import { type RetryOptions, STORAGE_RETRY } from '../wrap/retry.ts'
import { readCredentialsFile } from './credentials-file.ts'
import { refusePages } from './not-from-service.ts'
import { S3Requests } from './requests.ts'
import { S3Target } from './s3-target.ts'

/** Given by tests only. */
export interface S3Tuning {
  retry?: RetryOptions
  timeoutMs?: number
  /** At least 5 MiB, the smallest part that services take. */
  partBytes?: number
}

/** One request; longer bodies go in parts, which are sent again one by one. */
const PART_BYTES = 16 * MIB
const TIMEOUT_MS = 60_000
const CONNECT_TIMEOUT_MS = 10_000
const CONNECTIONS = 32

/**
 * A part of a bucket. Nothing is asked of the service yet, and a bucket is never made.
 *
 * @throws EcomdbError SECRET_MISSING, CONFIG_INVALID (the CA file)
 */
export async function openS3Target(
  place: S3Place,
  clock: Clock,
  tuning: S3Tuning = {},
): Promise<Target> {
  const { retry = STORAGE_RETRY, timeoutMs = TIMEOUT_MS, partBytes = PART_BYTES } = tuning
  const client = new S3Client(await clientConfig(place))
  refusePages(client)
  const requests = new S3Requests(client, placeLabel({ s3: place }), { retry, timeoutMs })
  return new S3Target(requests, { place, clock, partBytes })
}

async function clientConfig(place: S3Place): Promise<S3ClientConfig> {
  const { endpoint, region, pathStyle, caFile, profile, credentialsFile, checksums } = place
  const mode = checksums === 'when_required' ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED'
  const ca = caFile === undefined ? undefined : await readCertificates(caFile)
  const read = credentialsFile ? await readCredentialsFile(credentialsFile, profile) : undefined
  // A service of one's own has no regions, and the signature wants one.
  const someRegion = region ?? (endpoint === undefined ? undefined : 'us-east-1')
  return {
    forcePathStyle: pathStyle,
    // Tried again by S3Requests, which knows what a lost answer means.
    maxAttempts: 1,
    requestChecksumCalculation: mode,
    responseChecksumValidation: mode,
    // What asks first whether a large body is welcome goes by an agent of the SDK's own, which knows no CA
    // of ours.
    ...(ca === undefined ? {} : { expectContinueHeader: false }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(someRegion === undefined ? {} : { region: someRegion }),
    ...(profile === undefined ? {} : { profile }),
    ...(read
      ? {
          credentials: {
            accessKeyId: read.accessKeyId,
            secretAccessKey: read.secretAccessKey.reveal(),
            ...(read.sessionToken ? { sessionToken: read.sessionToken.reveal() } : {}),
          },
        }
      : {}),
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      httpAgent: { keepAlive: true, maxSockets: CONNECTIONS },
      httpsAgent: { keepAlive: true, maxSockets: CONNECTIONS, ...(ca ? { ca } : {}) },
    },
  }
}

async function readCertificates(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(error => {
    throw new EcomdbError('CONFIG_INVALID', {
      what: `cannot read target.s3.ca_file ${path}`,
      why: messageOf(error),
      cause: error,
    })
  })
}
