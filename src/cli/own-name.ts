import { existsSync, realpathSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { packageRoot } from '#core/paths'

/** How a user calls this ecomdb: its name where PATH leads to it, else its path. */
export function ownName(environment: NodeJS.ProcessEnv = process.env): string {
  const own = join(packageRoot(), 'bin', 'ecomdb')
  const found = (environment['PATH'] ?? '')
    .split(delimiter)
    .map(folder => join(folder, 'ecomdb'))
    .find(existsSync)
  return found && realpathSync(found) === realpathSync(own) ? 'ecomdb' : own
}
