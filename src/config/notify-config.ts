import { resolve } from 'node:path'
import { durationMs } from '#core/duration'
import type { NotifyConfig } from './config.ts'
import type { ConfigFile } from './schema.ts'

/** `notify:` of ecomdb.yaml, with its defaults. */
export function notifyOf(content: ConfigFile['notify'], folder: string): NotifyConfig | null {
  if (!content) return null
  const { heartbeat_file, webhook_file, mail, command, repeat } = content
  const beside = (file: string | undefined) => file && resolve(folder, file)
  return {
    heartbeatFile: beside(heartbeat_file),
    webhookFile: beside(webhook_file),
    mail: mail && {
      ...{ to: mail.to, from: mail.from, host: mail.host ?? 'localhost', port: mail.port ?? 25 },
      ...{ user: mail.user, passwordFile: beside(mail.password_file) },
      tlsCaFile: beside(mail.tls_ca_file),
    },
    command,
    repeatMs: (repeat === undefined ? null : durationMs(repeat)) ?? 86_400_000,
  }
}
