import { REPLACED } from '#config/replaced-recipients'
import type { Check } from '../facts.ts'

/** Is there a second key, for the day when the first is lost? */
export const recipients: Check = ({ config, wrongRecipient, replacedRecipients }) => {
  if (!config || 'error' in config || !config.fact.target.place) return []
  const subject = 'recipients'
  if (wrongRecipient !== null) {
    const detail = `no backup can be made: ${wrongRecipient}`
    const next = 'correct keys.recipients: `age-keygen -y FILE` prints a public key'
    return [{ status: 'fail', subject, detail, next }]
  }
  const [replaced] = replacedRecipients
  if (replaced !== undefined) {
    const next =
      'take the recipient that has replaced it from keys/recipients.txt into keys.recipients'
    return [{ status: 'fail', subject, detail: `${replaced} ${REPLACED}`, next }]
  }
  const count = new Set(config.fact.keys.recipients).size
  if (count >= 2) return [{ status: 'ok', subject, detail: `${count} public keys` }]
  if (count === 1) {
    const detail = 'one public key only: when its private half is lost, so is every backup'
    if (config.fact.keys.singleRecipient) {
      return [{ status: 'ok', subject, detail: 'one public key, as keys.single_recipient says' }]
    }
    return [{ status: 'warn', subject, detail, next: 'add an escrow key to keys.recipients' }]
  }
  const { runsOn } = config.fact
  if (runsOn === 'vault' || runsOn === 'drill') {
    const detail = `none, and none is needed: a ${runsOn} host makes no backups`
    return [{ status: 'skip', subject, detail }]
  }
  const detail = 'no public key: backups cannot be made'
  return [{ status: 'fail', subject, detail, next: 'run `ecomdb init`' }]
}
