import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { decryptAge, encryptAge } from '#crypto/age-file'
import { generateIdentity, type IdentityPair, writeIdentity } from '#crypto/key-files'
import { withFolder } from '#test/temporary'
import { runTool } from '#test/tools'

const CHUNK = 65536
const SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 5_000_000]

let ours: IdentityPair
let escrow: IdentityPair
let stranger: IdentityPair

beforeAll(async () => {
  ours = await generateIdentity()
  escrow = await generateIdentity()
  stranger = await generateIdentity()
})

async function encrypt(plain: Uint8Array): Promise<Buffer> {
  return Buffer.concat(await encryptAge([ours.recipient, escrow.recipient], [plain]))
}

describe('against the age program', () => {
  test.each(SIZES)('what we encrypt, age decrypts: %i bytes', async size => {
    const plain = randomBytes(size)
    const file = await encrypt(plain)
    await withFolder(async folder => {
      const identity = join(folder, 'escrow.txt')
      await writeIdentity(identity, escrow, new Date())
      expect(runTool('age', ['-d', '-i', identity], file).equals(plain)).toBe(true)
    })
  })

  test.each(SIZES)('what age encrypts, we decrypt: %i bytes', async size => {
    const plain = randomBytes(size)
    const file = runTool('age', ['-r', stranger.recipient, '-r', ours.recipient], plain)
    expect((await decryptAge([ours.identity], file)).equals(plain)).toBe(true)
    expect((await decryptAge([ours.identity], file, true)).equals(plain)).toBe(true)
  })

  test('an identity file of age-keygen is read, and ours by age-keygen', async () => {
    await withFolder(async folder => {
      const file = join(folder, 'ours.txt')
      await writeIdentity(file, ours, new Date())
      expect(runTool('age-keygen', ['-y', file]).toString().trim()).toBe(ours.recipient)
      await expect(writeIdentity(file, ours, new Date())).rejects.toMatchObject({
        code: 'STORAGE_FAILED',
      })
    })
  })
})

test.each([
  [70_000, 0, 3],
  [1, CHUNK - 1, CHUNK, 1],
  [CHUNK - 1, 2, 3 * CHUNK + 5, 0, 0],
  Array.from({ length: 300 }, (_, n) => n * 7),
])('parts are encrypted as one: %i, %i, %i, …', async (...sizes) => {
  const parts = sizes.map(size => randomBytes(size))
  const read: Uint8Array[] = []
  const sealed = await encryptAge([ours.recipient], parts, part => read.push(part))
  expect(read.filter(part => part.length > 0)).toEqual(parts.filter(part => part.length > 0))
  const file = Buffer.concat(sealed)
  expect((await decryptAge([ours.identity], file)).equals(Buffer.concat(parts))).toBe(true)
})

describe('refuses', () => {
  test('another identity', async () => {
    await expect(
      decryptAge([stranger.identity], await encrypt(randomBytes(9))),
    ).rejects.toMatchObject({
      code: 'WRONG_IDENTITY',
    })
    await expect(decryptAge([], await encrypt(randomBytes(9)))).rejects.toMatchObject({
      code: 'WRONG_IDENTITY',
    })
  })

  test('a file cut at any byte of its header and first chunk', async () => {
    const file = await encrypt(randomBytes(40))
    for (let length = 0; length < file.length; length += 1) {
      await expect(decryptAge([ours.identity], file.subarray(0, length))).rejects.toMatchObject({
        code: 'OBJECT_DAMAGED',
      })
    }
  })

  test('a file cut at a chunk edge, or near it', async () => {
    const file = await encrypt(randomBytes(2 * CHUNK + 10))
    const start = file.length - (2 * (CHUNK + 16) + 10 + 16)
    for (const edge of [start + CHUNK + 16, start + 2 * (CHUNK + 16)]) {
      for (const length of [edge - 17, edge - 1, edge, edge + 1, edge + 16]) {
        await expect(decryptAge([ours.identity], file.subarray(0, length))).rejects.toMatchObject({
          code: 'OBJECT_DAMAGED',
        })
      }
    }
  })

  test('one flipped bit anywhere, and bytes at the end', async () => {
    const file = await encrypt(randomBytes(100))
    for (let at = 0; at < file.length; at += 1) {
      const bent = Buffer.from(file)
      bent[at] = (bent[at] ?? 0) ^ 1
      // A bent stanza may also be nobody's: then no identity opens it.
      await expect(decryptAge([ours.identity], bent)).rejects.toMatchObject({
        code: expect.stringMatching(/OBJECT_DAMAGED|WRONG_IDENTITY/),
      })
    }
    const longer = Buffer.concat([file, Buffer.of(0)])
    await expect(decryptAge([ours.identity], longer)).rejects.toMatchObject({
      code: 'OBJECT_DAMAGED',
    })
  })

  test('something that is no age file, and a recipient that is none', async () => {
    await withFolder(async folder => {
      await writeFile(join(folder, 'x'), 'x')
      await expect(decryptAge([ours.identity], Buffer.from('PK\x03\x04'))).rejects.toMatchObject({
        code: 'OBJECT_DAMAGED',
      })
    })
    await expect(encryptAge(['age1notarecipient'], [])).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    })
    await expect(encryptAge([], [])).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })
})
