import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, serverFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { importAccess } from '#workflow/access/import-access'

export default class AccessImport extends BaseCommand {
  static override summary = 'print the access.yaml that describes the server as it is'

  static override description =
    'For a server that has grown: save it, move people out of the applications, and adopt the accounts with `access adopt --declared`. A plan against it changes nothing.'

  static override examples = ['<%= config.bin %> <%= command.id %>']

  static override flags = serverFlags

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(AccessImport)
    const { engine, connect } = await wire.server(await configFrom(flags))
    const policy = await importAccess(engine, connect)
    const { accessPolicyText } = await import('#config/access-policy-text')
    const text = accessPolicyText(policy)
    return { result: { policy: text }, text }
  }
}
