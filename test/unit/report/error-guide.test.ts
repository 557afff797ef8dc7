import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import { errorGuideMarkdown } from '#report/error-guide'

// `npm run generate` writes it anew.
test('docs/errors.md is what the table says', async () => {
  await expect(errorGuideMarkdown()).toMatchFileSnapshot(join(packageRoot(), 'docs/errors.md'))
})
