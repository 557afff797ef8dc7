import { join } from 'node:path'
import { expect, test } from 'vitest'
import { configGuideMarkdown } from '#config/config-guide'
import { configJsonSchema } from '#config/schema'
import { packageRoot } from '#core/paths'

// `npm run generate` writes it anew.
test('policies/ecomdb.schema.json is what the schema says', async () => {
  const text = `${JSON.stringify(configJsonSchema(), null, 2)}\n`
  const file = join(packageRoot(), 'policies/ecomdb.schema.json')
  await expect(text).toMatchFileSnapshot(file)
})

test('docs/configuration.md is what the schema says', async () => {
  const file = join(packageRoot(), 'docs/configuration.md')
  await expect(configGuideMarkdown()).toMatchFileSnapshot(file)
})
