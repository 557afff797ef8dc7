import { integer, string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { systemClock } from '#core/clock'
import { certificatesText } from '#report/certificates-text'
import { issueCertificates } from '#workflow/harden/issue-certificates'

export default class HardenCertificates extends BaseCommand {
  static override summary = 'make certificates for a server that has none, and say how to use them'

  static override description =
    'Makes a certificate authority, a certificate for the server and one for a client, in a new folder, with the lines for the configuration files. It needs no other program and touches no server. MySQL makes its own at its first start, without the name of the host in them; MariaDB has none until 11.4.'

  static override examples = ['<%= config.bin %> <%= command.id %> --out tls --name db.example.com']

  static override flags = {
    out: string({ required: true, helpValue: 'FOLDER', summary: 'a new or empty folder' }),
    name: string({
      multiple: true,
      default: [],
      helpValue: 'HOST',
      summary: 'a name or address that clients know the server by; can be repeated',
    }),
    days: integer({ default: 825, min: 1, max: 7300, summary: 'how long they are good for' }),
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(HardenCertificates)
    const { out: folder, name: names, days } = flags
    const result = await issueCertificates({ folder, names, days, clock: systemClock })
    return { result, text: certificatesText(result) }
  }
}
