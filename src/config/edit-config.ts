import { type Document, parseDocument } from 'yaml'
import { EcomdbError } from '#core/errors'
import { parseConfig } from './parse-config.ts'

/** What a change of keys does to ecomdb.yaml; paths as they shall stand in the file. */
export interface KeyChange {
  /** Takes the place of another recipient. */
  recipient?: { old: string; new: string }
  /** Is added; the old ones stay, since they open the old snapshots. */
  identityFile?: string
  signingKeyFile?: string
  /** Is added; the old ones stay, since they signed the old snapshots. */
  trustedSigner?: string
  /** The key of the audit trail; its signer is added, as the others are. */
  audit?: { signingKeyFile: string; trustedSigner: string }
}

/**
 * The text of an ecomdb.yaml after a change of keys, with its comments.
 * @throws EcomdbError CONFIG_INVALID when the text is no configuration, before or after, or has the
 *   recipient no more that is to be replaced
 */
export function changeKeys(text: string, file: string, change: KeyChange): string {
  parseConfig(text, file)
  const document = parseDocument(text)
  const { recipient, identityFile, signingKeyFile, trustedSigner, audit } = change
  if (recipient) {
    const list = parseConfig(text, file).keys?.recipients ?? []
    const at = list.indexOf(recipient.old)
    if (at < 0) throw replacedMeanwhile(file, recipient.old)
    document.setIn(['keys', 'recipients', at], recipient.new)
  }
  if (signingKeyFile) document.setIn(['keys', 'signing_key_file'], signingKeyFile)
  if (identityFile) append(document, ['keys', 'identity_files'], identityFile)
  if (trustedSigner) append(document, ['keys', 'trusted_signers'], trustedSigner)
  if (audit) {
    document.setIn(['audit', 'signing_key_file'], audit.signingKeyFile)
    append(document, ['audit', 'trusted_signers'], audit.trustedSigner)
  }
  const changed = document.toString({ lineWidth: 0 })
  parseConfig(changed, file)
  return changed
}

function replacedMeanwhile(file: string, recipient: string): EcomdbError {
  return new EcomdbError('CONFIG_INVALID', {
    what: `${file} has the recipient ${recipient} no more`,
    why: 'another run or hand has replaced it meanwhile; the file was not changed',
    hints: ['look at `keys` there; the key that this run has made is used by nobody'],
  })
}

function append(document: Document, path: readonly string[], value: string): void {
  if (document.hasIn(path)) document.addIn(path, value)
  else document.setIn(path, document.createNode([value]))
}
