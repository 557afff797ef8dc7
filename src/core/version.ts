import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from './paths.ts'

let known: string | undefined

/** "ecomdb 0.1.0": who wrote a snapshot or an attestation. */
export function toolVersion(): string {
  if (known === undefined) {
    const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'))
    known = `ecomdb ${version}`
  }
  return known
}
