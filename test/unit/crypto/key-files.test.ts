import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import {
  generateDedupKey,
  generateIdentity,
  generateSigningKey,
  readDedupKey,
  readIdentities,
  readSigningKey,
  recipientOf,
  writeDedupKey,
  writeIdentity,
  writeSigningKey,
} from '#crypto/key-files'
import { withFolder } from '#test/temporary'

test('keys come back from their files, which are private and never overwritten', async () => {
  await withFolder(async folder => {
    const [age, sign, dedup] = ['age.txt', 'sign.pem', 'dedup.key'].map(n => join(folder, n))
    if (!age || !sign || !dedup) throw new Error('three names')
    const pair = await generateIdentity()
    const signingKey = generateSigningKey()
    const dedupKey = generateDedupKey()
    const writes = [
      () => writeIdentity(age, pair, new Date()),
      () => writeSigningKey(sign, signingKey),
      () => writeDedupKey(dedup, dedupKey),
    ]
    for (const write of writes) await write()
    const [identity] = await readIdentities([age])
    expect(identity?.reveal()).toBe(pair.identity.reveal())
    expect(await recipientOf(pair.identity)).toBe(pair.recipient)
    expect((await readSigningKey(sign)).signer).toBe(signingKey.signer)
    expect((await readDedupKey(dedup)).reveal()).toBe(dedupKey.reveal())
    for (const [place, file] of [age, sign, dedup].entries()) {
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      const before = await readFile(file)
      await expect(writes[place]?.()).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
      expect(await readFile(file)).toEqual(before)
    }
  })
})

test('files that others can read, that are missing or hold something else are refused', async () => {
  await withFolder(async folder => {
    const file = join(folder, 'key')
    const readers = [(f: string) => readIdentities([f]), readSigningKey, readDedupKey]
    for (const read of readers) {
      await expect(read(file)).rejects.toMatchObject({ code: 'SECRET_MISSING' })
    }
    await writeFile(file, 'something else\n', { mode: 0o600 })
    for (const read of readers) {
      await expect(read(file)).rejects.toMatchObject({ code: 'SECRET_MISSING' })
    }
    await chmod(file, 0o640)
    for (const read of readers) {
      await expect(read(file)).rejects.toMatchObject({ why: expect.stringContaining('640') })
    }
  })
})

test('a key does not print itself', async () => {
  const pair = await generateIdentity()
  const printed = `${inspect(pair)} ${JSON.stringify(pair)} ${inspect(generateSigningKey())}`
  expect(printed).not.toContain('AGE-SECRET-KEY')
  expect(printed).not.toContain('PRIVATE KEY')
})
