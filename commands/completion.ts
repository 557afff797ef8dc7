import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { string } from '@oclif/core/args'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { packageRoot } from '#core/paths'
import { type CompletedCommand, fishCompletion } from '#report/fish-completion'

export default class Completion extends BaseCommand {
  static override summary = 'print the completion of commands and flags for fish'

  static override description =
    'Save it as ~/.config/fish/completions/ecomdb.fish. bash and zsh have the command autocomplete.'

  static override examples = ['<%= config.bin %> <%= command.id %> fish']

  static override args = {
    shell: string({ required: true, options: ['fish'], description: 'the shell' }),
  }

  protected override async execute(): Promise<Outcome<object>> {
    await this.parse(Completion)
    const read = async (name: string) =>
      JSON.parse(await readFile(join(packageRoot(), name), 'utf8'))
    const { commands } = (await read('oclif.manifest.json')) as {
      commands: Record<string, CompletedCommand>
    }
    const { oclif } = await read('package.json')
    const text = fishCompletion(Object.values(commands), oclif.topics)
    return { result: { shell: 'fish', text }, text }
  }
}
