import { failIf, type HardeningCheck, notApplicable } from '../check.ts'

export const noOrphanDefiner: HardeningCheck = {
  id: 'H12',
  title: 'every view, routine, trigger and event has an owner that exists',
  why: 'it fails for everybody now, and whoever makes an account of that name owns it',
  references: ['CIS 5.12'],
  severity: 'medium',
  judge({ programs, accounts }) {
    const owned = programs.filter(({ asDefiner }) => asDefiner)
    if (owned.length === 0) return notApplicable('nothing here runs with the rights of its owner')
    const known = new Set(accounts.map(({ name }) => name))
    const orphans = owned.filter(({ definer }) => !known.has(definer))
    return failIf(
      orphans.map(({ kind, name, definer }) => ({
        subject: name,
        detail: `${kind} ${name}: there is no ${definer}`,
      })),
      orphans.map(({ kind, name }) => ({
        kind: 'advice',
        text: `make the ${kind} ${name} anew with a locked account as its definer`,
      })),
      { subject: 'definers', detail: `${owned.length} objects, all of accounts that exist` },
    )
  },
}
