import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { NotifyConfig } from '#config/config'
import { EcomdbError, messageOf } from '#core/errors'
import { readSecretFile } from '#core/secret-file'
import { type Notice, noticesSubject, noticesText } from '#domain/notify/decide-notices'
import { runProgram } from '#process/run-program'

/** None of them may hold a job up for long. */
const TIMEOUT_MS = 20_000

/**
 * Sends notices over every way that is configured.
 *
 * @returns what did not work, in words without a URL or a password; nothing is thrown, since a
 *   mail server that is down must not end a backup
 */
export async function sendNotices(
  notify: NotifyConfig,
  notices: readonly Notice[],
): Promise<{ sent: string[]; failed: string[] }> {
  const { webhookFile, mail, command } = notify
  const ways: [string, (() => Promise<void>) | null][] = [
    ['webhook', webhookFile ? () => postWebhook(webhookFile, notices) : null],
    ['mail', mail ? () => sendMail(mail, notices) : null],
    ['command', command ? () => runCommand(command, notices) : null],
  ]
  const result: { sent: string[]; failed: string[] } = { sent: [], failed: [] }
  for (const [way, send] of ways) {
    if (!send) continue
    try {
      await send()
      result.sent.push(way)
    } catch (error) {
      result.failed.push(`the notice by ${way} was not sent: ${wordsOf(error)}`)
    }
  }
  return result
}

/** The success heartbeat: a plain GET, as healthchecks.io and its like want it. */
export async function sendHeartbeat(heartbeatFile: string): Promise<string | null> {
  try {
    const url = await readSecretFile(heartbeatFile, 'the URL of the heartbeat')
    await request(url.reveal(), { method: 'GET' })
    return null
  } catch (error) {
    return `the heartbeat was not sent: ${wordsOf(error)}`
  }
}

/** `text` is what Slack, Mattermost and others show; the rest is for programs. */
function documentOf(notices: readonly Notice[]): string {
  const host = hostname()
  const text = `${noticesSubject(host, notices)}\n\n${noticesText(notices)}`
  return JSON.stringify({ version: 1, text, host, notices: notices.map(one => noticeJson(one)) })
}

function noticeJson({ since, ...notice }: Notice): object {
  return { ...notice, since: new Date(since).toISOString() }
}

async function postWebhook(file: string, notices: readonly Notice[]): Promise<void> {
  const url = await readSecretFile(file, 'the URL of the webhook')
  const headers = { 'content-type': 'application/json' }
  // A POST that is led elsewhere becomes a GET without the notice, which a login page answers with 200.
  const how = { method: 'POST', headers, body: documentOf(notices), redirect: 'manual' } as const
  await request(url.reveal(), how)
}

async function request(url: string, init: RequestInit): Promise<void> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) })
  await response.body?.cancel()
  const leads = response.status >= 300 && response.status < 400
  if (leads) throw new Error(`it answered ${response.status}: it leads elsewhere; give that URL`)
  if (!response.ok) throw new Error(`it answered ${response.status}`)
}

async function sendMail(
  { to, from, host, port, user, passwordFile, tlsCaFile }: NonNullable<NotifyConfig['mail']>,
  notices: readonly Notice[],
): Promise<void> {
  const { createTransport } = await import('nodemailer')
  const password = passwordFile
    ? await readSecretFile(passwordFile, "the mail account's password")
    : null
  const transport = createTransport({
    ...{ host, port, secure: port === 465 },
    ...{ connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS },
    // A password never goes over a wire that anybody reads.
    requireTLS: password !== null && port !== 465,
    tls: {
      // Without a password TLS is better than none, as between mail servers: many on this very
      // host have a certificate that nobody signed.
      rejectUnauthorized: password !== null || tlsCaFile !== undefined || port === 465,
      ...(tlsCaFile ? { ca: await readFile(tlsCaFile, 'utf8') } : {}),
    },
    ...(user && password ? { auth: { user, pass: password.reveal() } } : {}),
  })
  try {
    const subject = noticesSubject(hostname(), notices)
    await transport.sendMail({ from, to: [...to], subject, text: `${noticesText(notices)}\n` })
  } finally {
    transport.close()
  }
}

async function runCommand(command: readonly string[], notices: readonly Notice[]): Promise<void> {
  const [file = '', ...args] = command
  const input = `${documentOf(notices)}\n`
  await runProgram({ file, args: [], env: {} }, args, { input, timeoutMs: TIMEOUT_MS })
}

/** fetch's errors say little, and their cause may name the URL: its code does. */
function wordsOf(error: unknown): string {
  if (error instanceof EcomdbError) return error.message
  const cause = error instanceof Error ? error.cause : undefined
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : null
  if (code) return String(code)
  return messageOf(error).replace(/https?:\/\/\S+/g, 'the URL')
}
