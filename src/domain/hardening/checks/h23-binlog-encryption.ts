import { fail, type HardeningCheck, notApplicable, pass } from '../check.ts'
import { evidenceOf, isOn } from '../variables.ts'

export const binlogEncryption: HardeningCheck = {
  id: 'H23',
  title: 'the binary log is encrypted on disk',
  why: 'it has every row that was ever changed, and lies in files that a copy of the disk has too',
  references: ['CIS 2.2.1'],
  severity: 'low',
  judge(facts) {
    if (!isOn(facts, 'log_bin')) return notApplicable('there is no binary log (H22)')
    const name = facts.family === 'mysql' ? 'binlog_encryption' : 'encrypt_binlog'
    if (isOn(facts, name)) return pass(name, `${name} is ON`)
    const keys =
      facts.family === 'mysql'
        ? 'it needs a keyring component (component_keyring_file or a better one) first'
        : 'it needs keys first: file_key_management or another key plugin'
    return fail(
      [evidenceOf(facts, name)],
      [
        { kind: 'advice', text: `${keys}; the archive of ecomdb is encrypted in any case` },
        { kind: 'file', lines: [`${name} = ON`] },
      ],
    )
  },
}
