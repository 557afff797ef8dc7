import { string } from '@oclif/core/args'
import { BaseCommand, type Outcome } from '#cli/base-command'
import { closest } from '#core/closest'
import { EcomdbError, ERROR_CODES } from '#core/errors'
import { errorEntries, errorGuideText, findErrors } from '#report/error-guide'

export default class Errors extends BaseCommand {
  static override summary = 'explain an error code or an exit status'

  static override examples = [
    '<%= config.bin %> <%= command.id %> PRIVILEGE_MISSING',
    '<%= config.bin %> <%= command.id %> 13',
  ]

  static override args = {
    code: string({ description: 'an error code, or an exit status; default: all of them' }),
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { args } = await this.parse(Errors)
    const errors = args.code === undefined ? errorEntries() : findErrors(args.code)
    if (args.code !== undefined && errors.length === 0) throw unknownCode(args.code)
    return { result: { errors }, text: errorGuideText(errors) }
  }
}

function unknownCode(code: string): EcomdbError {
  const meant = closest(code, Object.keys(ERROR_CODES))
  return new EcomdbError('USAGE', {
    what: `there is no error code ${code}`,
    hints: [
      ...(meant ? [`did you mean ${meant}?`] : []),
      'run `ecomdb errors` for the list of codes',
    ],
  })
}
