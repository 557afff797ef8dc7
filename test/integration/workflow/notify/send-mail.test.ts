import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Notice } from '#domain/notify/decide-notices'
import { onPath } from '#process/program'
import { runProgram } from '#process/run-program'
import { listenForMail, type MailRules } from '#test/mail-listener'
import { withFolder } from '#test/temporary'
import { sendNotices } from '#workflow/notify/send-notices'

const NOTICES: Notice[] = [
  { kind: 'new', key: 'k', what: 'the drill FAILED', next: ['`ecomdb drill`'], since: 0 },
]
const LOGIN = { user: 'ecomdb', password: 'pass word' }

/** A certificate for loopback that signs itself. */
async function certificate(folder: string): Promise<{ key: string; cert: string; file: string }> {
  const [keyFile, file] = [join(folder, 'mail.key'), join(folder, 'mail.pem')]
  await runProgram(onPath('openssl'), [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'],
    ...['-keyout', keyFile, '-out', file],
  ])
  return { key: await readFile(keyFile, 'utf8'), cert: await readFile(file, 'utf8'), file }
}

test('mail goes over TLS with a login, and a password over nothing else', () =>
  withFolder(async folder => {
    const { key, cert, file: tlsCaFile } = await certificate(folder)
    const send = async (rules: MailRules, options: { password?: string; tlsCaFile?: string }) => {
      const mail = await listenForMail(rules)
      const passwordFile = join(folder, 'password')
      await writeFile(passwordFile, `${options.password ?? ''}\n`)
      await chmod(passwordFile, 0o600)
      const { sent, failed } = await sendNotices(
        {
          mail: {
            ...{ to: ['dba@shop.example'], from: 'ecomdb@shop.example' },
            ...{ host: '127.0.0.1', port: mail.port, tlsCaFile: options.tlsCaFile },
            ...(options.password ? { user: LOGIN.user, passwordFile } : {}),
          },
          repeatMs: 0,
        },
        NOTICES,
      )
      mail.close()
      return { ...mail, sent, failed }
    }
    const secure: MailRules = { tls: { key, cert }, login: LOGIN }

    const good = await send(secure, { password: LOGIN.password, tlsCaFile })
    expect(good.failed).toEqual([])
    expect(good.messages[0]).toContain('the drill FAILED')
    expect(good.said.slice(0, 5)).toEqual(['EHLO', 'STAR', 'TLS EHLO', 'TLS AUTH', 'TLS MAIL'])

    const refused = await send(secure, { password: 'wrong', tlsCaFile })
    expect([refused.sent, refused.messages]).toEqual([[], []])
    expect(refused.failed[0]).toMatch(/^the notice by mail was not sent: .*(EAUTH|535)/)
    expect(refused.failed[0]).not.toContain('wrong')

    // A certificate that nobody vouches for, and a server without TLS, never see the password.
    const stranger = await send(secure, { password: LOGIN.password })
    expect([stranger.sent, stranger.said.includes('TLS AUTH')]).toEqual([[], false])
    expect(stranger.failed[0]).toMatch(/certificate|SIGNED/i)
    const plain = await send({ login: LOGIN }, { password: LOGIN.password })
    expect([plain.sent, plain.said]).toEqual([[], expect.not.arrayContaining(['AUTH'])])

    // Without a password, the mail server of this very host is not asked who signed it.
    const local = await send({ tls: { key, cert } }, {})
    expect([local.failed, local.said]).toEqual([[], expect.arrayContaining(['TLS DATA'])])
    const named = await send({ tls: { key, cert } }, { tlsCaFile })
    expect(named.failed).toEqual([])
  }))
