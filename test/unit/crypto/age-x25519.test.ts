import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { expect, test } from 'vitest'
import { x25519Header } from '#crypto/age-x25519'

async function keys(): Promise<{ identity: string; recipient: string }> {
  const identity = await generateX25519Identity()
  return { identity, recipient: await identityToRecipient(identity) }
}

async function open(header: Uint8Array, identity: string): Promise<Buffer> {
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity)
  const fileKey = await decrypter.decryptHeader(header)
  return Buffer.from(fileKey ?? [])
}

test('every recipient opens the header, and no one else', async () => {
  for (let round = 0; round < 5; round += 1) {
    const [one, two, stranger] = await Promise.all([keys(), keys(), keys()])
    const made = x25519Header([one.recipient, two.recipient])
    if (!made) throw new Error('the recipients are right')
    expect(await open(made.header, one.identity)).toEqual(made.fileKey)
    expect(await open(made.header, two.identity)).toEqual(made.fileKey)
    await expect(open(made.header, stranger.identity)).rejects.toThrow()
  }
})

test('a changed header is refused', async () => {
  const { identity, recipient } = await keys()
  const made = x25519Header([recipient])
  if (!made) throw new Error('the recipient is right')
  for (const at of [0, 25, 60, 100, made.header.length - 5]) {
    const changed = Buffer.from(made.header)
    changed[at] = changed[at] === 0x41 ? 0x42 : 0x41
    await expect(open(changed, identity), String(at)).rejects.toThrow()
  }
})

test('anything but right X25519 recipients is left to the package', async () => {
  const { recipient } = await keys()
  const changed = (at: number): string =>
    `${recipient.slice(0, at)}${recipient[at] === 'q' ? 'p' : 'q'}${recipient.slice(at + 1)}`
  expect(x25519Header([recipient])).not.toBeNull()
  for (let at = 4; at < recipient.length; at += 1) expect(x25519Header([changed(at)])).toBeNull()
  const others = ['', 'age1', 'age1notarecipient', recipient.toUpperCase(), `${recipient}q`]
  for (const one of [...others, recipient.slice(0, -1), `age1pq1${recipient.slice(4)}`]) {
    expect(x25519Header([recipient, one]), one).toBeNull()
  }
})
