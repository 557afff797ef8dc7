import { boolean, string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFlags } from '#cli/flags'
import { logInAtTerminal } from '#cli/login-dialog'
import { EXIT } from '#core/errors'

export default class Login extends BaseCommand {
  static override summary = 'log in with password and code, and work as a session account'

  static override description =
    'Asks the broker for a session account: the roles of the person, for minutes, from one host. With a command behind -- it runs that with the session, which ends with it: killed and dropped. With --out it leaves an option file of mode 0600, and the session lives until its time is over. Password and code are asked for, or read as two lines of standard input. With --stdio it is the forced command of an ssh key, and --via on another host leads to it.'

  static override examples = [
    '<%= config.bin %> <%= command.id %> -- mariadb shop',
    '<%= config.bin %> <%= command.id %> --person alice --out session.cnf',
    '<%= config.bin %> <%= command.id %> --via "ssh broker@bastion" -- mysql shop',
  ]

  static override exits = [EXIT.AUTHENTICATION_REFUSED, EXIT.SERVER_UNREACHABLE]

  static override strict = false

  static override flags = {
    person: string({ helpValue: 'HANDLE', summary: 'who logs in (default: your login name)' }),
    recovery: boolean({ summary: 'use a recovery code instead of a code; you must enroll anew' }),
    out: string({ helpValue: 'FILE', summary: 'write an option file, and leave' }),
    broker: string({ helpValue: 'SOCKET', summary: 'the socket of the broker (broker.socket)' }),
    via: string({ helpValue: 'COMMAND', summary: 'what leads to a broker elsewhere, like ssh' }),
    stdio: boolean({ summary: 'carry a login between the standard streams and the broker' }),
    ...configFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { argv, flags } = await this.parse(Login)
    const { broker: socket, recovery = false, stdio = false, ...others } = flags
    return await logInAtTerminal({ ...others, socket, recovery, stdio, command: argv as string[] })
  }
}
