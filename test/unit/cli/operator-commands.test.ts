import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import { OPERATOR_COMMANDS } from '#domain/credential/operator-commands'

test('what policies/totp.yaml can name is what asks for the code', () => {
  const folder = join(packageRoot(), 'commands')
  const asking = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .filter(file => readFileSync(join(folder, file), 'utf8').includes('this.askOperator('))
    .map(file => file.replace(/\.ts$/, '').replaceAll('/', ' '))
  expect(asking.sort()).toEqual([...OPERATOR_COMMANDS].sort())
})
