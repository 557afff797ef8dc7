import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFrom, dryRunFlag, serverFlags } from '#cli/flags'
import { wire } from '#cli/wire'
import { EXIT } from '#core/errors'
import { prepareText } from '#report/broker-text'
import { prepareBroker } from '#workflow/broker/prepare-broker'

export default class BrokerPrepare extends BaseCommand {
  static override summary = 'make what the broker needs: an account, two procedures, a key'

  static override description =
    "Runs as an administrator. The locked account ecomdb_issuer owns two procedures, that make and end session accounts; ecomdb_broker may call them, and keep count of codes, and can neither make an account nor read the shop's data. The password file stands beside keys.totp_key_file, which is made where it is missing. Run it again after roles were added: on MariaDB the issuer must hold each to give it. Where somebody has locked ecomdb_broker, no broker can log in, and the exit status is 3."

  static override examples = [
    '<%= config.bin %> <%= command.id %> --dry-run',
    '<%= config.bin %> <%= command.id %>',
  ]

  static override exits = [EXIT.FINDINGS]

  static override flags = { ...dryRunFlag, ...serverFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(BrokerPrepare)
    const config = await configFrom(flags)
    const { identityHost, sessionHost } = config.broker
    const { totpKeyFile } = config.keys
    const options = { identityHost, sessionHost, totpKeyFile, dryRun: flags['dry-run'] }
    const result = await prepareBroker(await wire.server(config), options)
    const status = result.brokerLocked ? EXIT.FINDINGS : EXIT.DONE
    return { result, text: prepareText(result), status }
  }
}
