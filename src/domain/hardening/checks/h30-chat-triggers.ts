import { failIf, type HardeningCheck, notApplicable } from '../check.ts'

/** As `ecomdb audit status` compares them; what was sealed before is `ecomdb audit verify`'s. */
export const chatTriggers: HardeningCheck = {
  id: 'H30',
  title: 'the triggers that record changes of chats are as ecomdb made them',
  why: 'a changed trigger is how a transcript is edited unseen',
  references: ['PCI DSS 10.3.4'],
  severity: 'high',
  judge({ audited }) {
    if (audited === null) return notApplicable('this server has no audit trail (ecomdb audit)')
    const wrong = audited.filter(({ problems }) => problems.length > 0)
    return failIf(
      wrong.map(({ table, problems }) => ({
        subject: table,
        detail: `${table}: ${problems.join(', ')}`,
      })),
      [
        {
          kind: 'advice',
          text: 'find out who changed it (`ecomdb audit verify`), then install it anew',
        },
      ],
      { subject: 'trail', detail: `${audited.length} tables, every trigger as it was made` },
    )
  },
}
