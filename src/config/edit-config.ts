import { type Document, parseDocument } from 'yaml'
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
}

/**
 * The text of an ecomdb.yaml after a change of keys, with its comments.
 * @throws EcomdbError CONFIG_INVALID when the text is no configuration, before or after
 */
export function changeKeys(text: string, file: string, change: KeyChange): string {
  parseConfig(text, file)
  const document = parseDocument(text)
  const { recipient, identityFile, signingKeyFile, trustedSigner } = change
  if (recipient) {
    const list = parseConfig(text, file).keys?.recipients ?? []
    document.setIn(['keys', 'recipients', list.indexOf(recipient.old)], recipient.new)
  }
  if (signingKeyFile) document.setIn(['keys', 'signing_key_file'], signingKeyFile)
  if (identityFile) append(document, 'identity_files', identityFile)
  if (trustedSigner) append(document, 'trusted_signers', trustedSigner)
  const changed = document.toString({ lineWidth: 0 })
  parseConfig(changed, file)
  return changed
}

function append(document: Document, key: string, value: string): void {
  if (document.hasIn(['keys', key])) document.addIn(['keys', key], value)
  else document.setIn(['keys', key], document.createNode([value]))
}
