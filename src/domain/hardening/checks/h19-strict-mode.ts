import type { HardeningCheck } from '../check.ts'
import { judgeSettings, variable } from '../variables.ts'

export const strictMode: HardeningCheck = {
  id: 'H19',
  title: 'the server refuses values that do not fit',
  why: 'otherwise it cuts them short or makes them zero, and says that all is well',
  references: ['CIS 4.8 (either strict mode)'],
  severity: 'medium',
  judge(facts) {
    const modes = variable(facts, 'sql_mode').split(',').filter(Boolean)
    const strict = ['STRICT_TRANS_TABLES', 'STRICT_ALL_TABLES'].some(mode => modes.includes(mode))
    const value = [...modes, 'STRICT_TRANS_TABLES'].join(',')
    return judgeSettings(facts, [{ name: 'sql_mode', value, holds: strict }])
  },
}
