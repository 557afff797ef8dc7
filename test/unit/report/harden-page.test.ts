import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import { HARDENING_CHECKS } from '#domain/hardening/checks'

test('docs/harden.md says of each check what the check says of itself', async () => {
  const page = await readFile(join(packageRoot(), 'docs/harden.md'), 'utf8')
  const rows = page
    .split('\n')
    .filter(line => /^\| H\d\d /.test(line))
    .map(line => line.split('|').map(cell => cell.trim()))
  expect(rows.map(([, id, title, references]) => ({ id, title, references }))).toEqual(
    HARDENING_CHECKS.map(({ id, title, references }) => ({
      id,
      title,
      references: references.join(', ') || '–',
    })),
  )
})
