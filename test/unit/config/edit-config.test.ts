import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { changeKeys } from '#config/edit-config'
import { makeFolder } from '#test/temporary'
import { editConfigFile } from '#workflow/init/edit-config-file'

const [OLD, NEW, OTHER] = ['q', 'p', 'z'].map(letter => `age1${letter.repeat(58)}`) as [
  string,
  string,
  string,
]
const TEXT = `keys:\n  recipients: [${OLD}] # the shop's\n`

test('a recipient takes the place of another, and comments stay', () => {
  const changed = changeKeys(TEXT, 'ecomdb.yaml', { recipient: { old: OLD, new: NEW } })
  expect(changed).toContain(NEW)
  expect(changed).not.toContain(OLD)
  expect(changed).toContain("# the shop's")
})

test('of two runs at once that replace one key the second is refused, and changes nothing', async () => {
  const folder = await makeFolder()
  const file = join(folder, 'ecomdb.yaml')
  try {
    await writeFile(file, TEXT)
    const both = await Promise.allSettled(
      [NEW, OTHER].map(key =>
        editConfigFile(file, text => changeKeys(text, file, { recipient: { old: OLD, new: key } })),
      ),
    )
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'CONFIG_INVALID', what: expect.stringContaining('no more') },
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
