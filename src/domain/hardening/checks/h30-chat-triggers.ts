import { type HardeningCheck, notApplicable } from '../check.ts'

export const chatTriggers: HardeningCheck = {
  id: 'H30',
  title: 'the triggers that record changes of chats are as they were sealed',
  why: 'a changed trigger is how a transcript is edited unseen',
  references: ['PCI DSS 10.3.4', 'PCI DSS 11.5.2'],
  severity: 'high',
  judge: () => notApplicable('this server has no audit trail of ecomdb'),
}
