import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { backupKeys, type Config } from '#config/config'
import { replacedRecipients } from '#config/replaced-recipients'
import { makeFolder } from '#test/temporary'
import { replaceRecipient } from '#workflow/init/key-set'

test('a recipient that a rotation has replaced is known when the configuration of before is back', async () => {
  const folder = await makeFolder()
  try {
    const file = join(folder, 'ecomdb.yaml')
    expect(replacedRecipients(file, ['age1old'])).toEqual([])
    await mkdir(join(folder, 'keys'))
    const recipientsFile = join(folder, 'keys', 'recipients.txt')
    await writeFile(recipientsFile, '# operations\nage1old\n# escrow\nage1safe\n')
    expect(replacedRecipients(file, ['age1old', 'age1safe'])).toEqual([])
    const inUse = ['age1old', 'age1safe']
    await replaceRecipient(recipientsFile, { old: 'age1old', by: 'age1new', inUse })
    expect(replacedRecipients(file, ['age1new', 'age1safe'])).toEqual([])
    expect(replacedRecipients(file, ['age1old', 'age1safe'])).toEqual(['age1old'])
    expect(replacedRecipients(null, ['age1old'])).toEqual([])
    const warned: string[] = []
    const keys = { recipients: inUse, trustedSigners: [], identityFiles: [] }
    const config = { file, keys: { ...keys, signingKeyFile: 's', dedupKeyFile: 'd' } }
    backupKeys(config as unknown as Config, text => warned.push(text))
    expect(warned).toEqual([expect.stringContaining('age1old is a recipient that `ecomdb key')])
  } finally {
    await rm(folder, { recursive: true })
  }
})
