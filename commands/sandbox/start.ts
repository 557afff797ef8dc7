import { boolean, option, string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { engineFor } from '#cli/wire'
import { startSandbox } from '#workflow/sandbox/start-sandbox'

export default class SandboxStart extends BaseCommand {
  static override summary = 'start a private server with a data directory of its own'

  static override flags = {
    engine: option({
      options: ['mariadb', 'mysql'] as const,
      default: 'mariadb',
      env: 'ECOMDB_ENGINE',
      summary: 'which server',
    })(),
    name: string({ default: 'default', summary: 'more than one can run side by side' }),
    tcp: boolean({
      default: true,
      allowNo: true,
      summary: 'listen on a free loopback port as well',
    }),
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(SandboxStart)
    const engine = await engineFor(flags.engine)
    const server = await startSandbox(engine, flags, this.progress)
    return {
      result: server,
      text: `${engine.family} ${server.version} runs (pid ${server.pid})\n  socket ${server.socketPath}\n  port   ${server.port ?? 'none'}`,
    }
  }
}
