import { fail, type HardeningCheck, pass } from '../check.ts'
import { evidenceOf } from '../variables.ts'

/**
 * NULL is the safest on MySQL (no file at all) and the worst on MariaDB (every file, as '' is):
 * measured with SELECT … INTO OUTFILE.
 */
export const fileFolder: HardeningCheck = {
  id: 'H18',
  title: 'the server reads and writes files in one folder only, or none',
  why: 'else who holds FILE writes a program where another one runs it, and reads every key',
  references: ['CIS 4.7', 'PCI DSS 2.2.6'],
  severity: 'high',
  judge(facts) {
    const name = 'secure_file_priv'
    const folder = facts.variables.get(name) ?? null
    const evidence = evidenceOf(facts, name)
    if (folder || (folder === null && facts.family === 'mysql')) return pass(name, evidence.detail)
    const value = facts.family === 'mysql' ? 'NULL' : '/var/lib/mysql-files'
    return fail([evidence], [{ kind: 'setting', name, value }])
  },
}
