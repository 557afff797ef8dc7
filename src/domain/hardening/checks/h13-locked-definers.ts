import { loginAccounts } from '../accounts.ts'
import { failIf, type HardeningCheck, notApplicable } from '../check.ts'

const POWERFUL = ['SUPER', 'FILE', 'SHUTDOWN', 'CREATE USER', 'SET_ANY_DEFINER', 'SET USER']

export const lockedDefiners: HardeningCheck = {
  id: 'H13',
  title: 'what runs with the rights of its owner is owned by a locked account of few rights',
  why: 'a hole in a procedure of root is a hole in the server, and a leaver may own what the shop needs',
  references: ['CIS 5.10', 'PCI DSS 7.2.5', 'ASVS 13.2.2'],
  severity: 'medium',
  judge(facts) {
    const owned = facts.programs.filter(({ asDefiner }) => asDefiner)
    if (owned.length === 0) return notApplicable('nothing here runs with the rights of its owner')
    const people = new Set(loginAccounts(facts).map(({ name }) => name))
    const mighty = new Set(
      facts.privileges
        .filter(({ schema, privilege }) => schema === null && POWERFUL.includes(privilege))
        .map(({ account }) => account),
    )
    const wrong = owned.filter(({ definer }) => people.has(definer) || mighty.has(definer))
    return failIf(
      wrong.map(({ kind, name, definer }) => ({
        subject: name,
        detail: `${kind} ${name} is owned by ${definer}, which ${mighty.has(definer) ? 'holds rights of an administrator' : 'can log in'}`,
      })),
      wrong.map(({ kind, name }) => ({
        kind: 'advice',
        text: `make the ${kind} ${name} anew with a locked account of few rights as its definer`,
      })),
      {
        subject: 'definers',
        detail: `${owned.length} objects, all of locked accounts of few rights`,
      },
    )
  },
}
