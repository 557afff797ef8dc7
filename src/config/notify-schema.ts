import { z } from 'zod'
import { DURATION } from '#core/duration'

/** `notify:` of ecomdb.yaml: who is told of trouble. A URL can be a secret, so it is in a file. */

const path = (description: string) => z.string().min(1).describe(description)

export const notifySchema = z
  .strictObject({
    heartbeat_file: path(
      'a file of mode 0600 with a URL that is asked for every five minutes while no job is in trouble and the last `ecomdb status --notify` found nothing; whoever is behind it tells when it is not',
    ).optional(),
    webhook_file: path(
      'a file of mode 0600 with a URL that gets each notice as JSON (`text` is what a chat shows)',
    ).optional(),
    mail: z
      .strictObject({
        to: z.array(z.string().includes('@')).min(1).describe('who is told'),
        from: z.string().includes('@').describe("the sender's address"),
        host: z.string().min(1).optional().describe('the mail server (default localhost)'),
        port: z.int().min(1).max(65535).optional().describe('its port (default 25; 465 is TLS)'),
        user: z.string().min(1).optional().describe('the account there, if it wants one'),
        password_file: path('a file of mode 0600 with the password of that account').optional(),
        tls_ca_file: path(
          "the certificate (PEM) of the mail server's authority, where the system does not know it",
        ).optional(),
      })
      .optional()
      .describe('by mail'),
    command: z
      .array(z.string())
      .min(1)
      .optional()
      .describe('a program and its arguments, which gets the notice as JSON on its standard input'),
    repeat: z
      .string()
      .regex(DURATION, 'a length of time like 36h or 8d')
      .optional()
      .describe('how often the same problem is told again (default 24h)'),
  })
  .describe('who is told when a job fails, an objective is missed or the scheduler stops')
