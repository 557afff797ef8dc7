import { readFile } from 'node:fs/promises'
import { EcomdbError } from '#core/errors'
import { Secret } from '#core/secret'
import { refuseOpenMode } from '#core/secret-file'

/** What signs requests. */
export interface S3Credentials {
  accessKeyId: string
  secretAccessKey: Secret
  sessionToken: Secret | undefined
}

const PURPOSE = "the target's credentials"

/**
 * A file in the format of ~/.aws/credentials: sections with aws_access_key_id,
 * aws_secret_access_key and, for a session, aws_session_token.
 *
 * @throws EcomdbError SECRET_MISSING: no such file, readable by others, no such section
 */
export async function readCredentialsFile(
  path: string,
  profile = 'default',
): Promise<S3Credentials> {
  await refuseOpenMode(path, PURPOSE)
  const section = sectionOf(await readFile(path, 'utf8'), profile)
  const accessKeyId = section.get('aws_access_key_id')
  const secret = section.get('aws_secret_access_key')
  if (!accessKeyId || !secret) {
    throw new EcomdbError('SECRET_MISSING', {
      what: `${path} has no credentials for the profile ${profile}`,
      why: `expected [${profile}] with aws_access_key_id and aws_secret_access_key below it`,
      hints: ['name another section with target.s3.profile'],
    })
  }
  const token = section.get('aws_session_token')
  return {
    accessKeyId,
    secretAccessKey: new Secret(secret),
    sessionToken: token ? new Secret(token) : undefined,
  }
}

function sectionOf(text: string, wanted: string): Map<string, string> {
  const values = new Map<string, string>()
  let inside = false
  for (const line of text.split('\n').map(line => line.trim())) {
    const heading = /^\[(?:profile\s+)?(.*)\]$/.exec(line)
    if (heading) inside = heading[1]?.trim() === wanted
    const equals = line.indexOf('=')
    if (!inside || line.startsWith('#') || line.startsWith(';') || equals < 1) continue
    values.set(line.slice(0, equals).trim().toLowerCase(), line.slice(equals + 1).trim())
  }
  return values
}
