import { BaseCommand, type Outcome } from '#cli/base-command'
import { configFlags, credentialPoliciesFrom } from '#cli/flags'
import { policyReport } from '#domain/credential/policy-report'
import { policyText } from '#report/policy-text'

export default class PolicyShow extends BaseCommand {
  static override summary = 'what a password and the second factor must be'

  static override description =
    'Prints the policies that ecomdb goes by, and each place where they depart from NIST SP 800-63B-4 or OWASP ASVS 5: composition rules are asked for by many, and advised against by both.'

  static override examples = ['<%= config.bin %> <%= command.id %>']

  static override flags = { ...configFlags }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(PolicyShow)
    const { password, totp } = await credentialPoliciesFrom(flags)
    const result = policyReport(password, totp)
    return { result, text: policyText(result) }
  }
}
