import { BaseCommand, type Outcome } from '#cli/base-command'
import { brokerPlace, issuerFrom } from '#cli/credential-wiring'
import { configFrom, serverFlags } from '#cli/flags'
import { EXIT } from '#core/errors'
import { runBroker } from '#workflow/broker/run-broker'

export default class Broker extends BaseCommand {
  static override summary = 'give people their sessions: password, code, session account'

  static override description =
    'Listens on the unix socket broker.socket until a signal comes. It belongs on a host that users cannot administer: whoever has its key and its password file can log in as anybody. At the start it ends the sessions of a broker that died, and while it runs those whose time is over.'

  static override examples = [
    '<%= config.bin %> <%= command.id %> --config /etc/ecomdb/broker.yaml',
  ]

  static override exits = [EXIT.LOCKED]

  static override flags = { ...serverFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(Broker)
    const config = await configFrom(flags)
    const place = await brokerPlace(config)
    const result = await runBroker(await issuerFrom(config), place, this.progress)
    return { result, text: `the broker at ${result.socketPath} has stopped` }
  }
}
