import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadPasswordPolicy } from '#config/password-policy-file'
import { Secret } from '#core/secret'
import { generatePassphrase, generatePassword } from '#crypto/generate-password'
import { withFolder } from '#test/temporary'
import { checkPassword } from '#workflow/credential/check-password'
import { passphraseWords } from '#workflow/credential/known-passwords'

const never = async (): Promise<boolean> => false

test('generated passwords and passphrases satisfy the default policy', async () => {
  const policy = await loadPasswordPolicy({})
  const words = await passphraseWords()
  expect(words).toHaveLength(4096)
  for (let each = 0; each < 20; each += 1) {
    for (const password of [generatePassword(), generatePassword(12), generatePassphrase(words)]) {
      const found = await checkPassword(password, policy, ['alice', 'Alice Doe'], never)
      // A word of the shop may come up by chance; `ecomdb user passwd` then takes another.
      expect(
        found.filter(({ rule }) => rule !== 'names'),
        password.reveal(),
      ).toEqual([])
    }
  }
})

test('a password of 800 characters is judged at once', async () => {
  const policy = { ...(await loadPasswordPolicy({})), maxLength: 1024 }
  await checkPassword(new Secret('what loads the lists'), policy, [], never)
  const started = performance.now()
  const long = Array.from({ length: 80 }, (_, at) => `Kx${at % 7}-fu.Gb`)
    .join('')
    .slice(0, 800)
  await checkPassword(new Secret(long), policy, [], never)
  expect(performance.now() - started).toBeLessThan(20_000)
})

test('the commonest passwords are known offline, and so are those of a list, plain or as SHA-1', async () => {
  await withFolder(async folder => {
    const file = join(folder, 'list.txt')
    // SHA-1 of "Vk7-mQx2.tRw9"
    await writeFile(file, 'first\nHq4-xTz8.kLw1\r\nAB09767EB99642239A4D4953BF4F0706015437E8:3\n')
    const policy = await loadPasswordPolicy({})
    const isBreached = async (password: string, breachListFile: string | null) =>
      (await checkPassword(new Secret(password), { ...policy, breachListFile }, [], never)).some(
        ({ rule }) => rule === 'breached',
      )
    expect(await isBreached('Trustno1', null)).toBe(true)
    expect(await isBreached('Hq4-xTz8.kLw1', null)).toBe(false)
    expect(await isBreached('Hq4-xTz8.kLw1', file)).toBe(true)
    expect(await isBreached('Vk7-mQx2.tRw9', file)).toBe(true)
    await expect(isBreached('x', join(folder, 'none'))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    })
  })
})
