import { existsSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { EcomdbError, systemCode } from '#core/errors'
import { REPOSITORY_FILE } from '#repository/layout'

/** What the data directory of either engine has, one at least. */
const OF_SERVERS = ['ibdata1', 'mysql.ibd', 'aria_log_control']

/** Of a private server in ecomdb's own folder: the home of the server's account is a data directory in many packages. */
export const OTHER_STATE = 'set ECOMDB_STATE to a folder outside of it, for this account'

/**
 * Refuses a data directory within another one, or within a repository. To the server of the outer one
 * it is a database; MySQL finds tablespaces with the numbers of its own in it, and does not start again
 * (error MY-012209). What is in a repository is carried away with it, and this is not encrypted.
 *
 * @param folder absolute; it need not be there
 * @throws EcomdbError TARGET_NOT_EMPTY: nothing was changed
 */
export async function refuseInside(
  folder: string,
  hint = 'give a directory beside it, and move it afterwards',
): Promise<void> {
  for (let outer = dirname(await realPathOf(folder)); ; outer = dirname(outer)) {
    const isServers = OF_SERVERS.some(name => existsSync(join(outer, name)))
    if (isServers || existsSync(join(outer, REPOSITORY_FILE))) {
      throw new EcomdbError('TARGET_NOT_EMPTY', {
        what: `${folder} lies in ${outer}`,
        why: isServers
          ? 'that is the data directory of a server, which takes everything in it for its own'
          : 'that is a repository of backups, and data files are not encrypted',
        hints: [hint, 'nothing was changed'],
      })
    }
    if (outer === dirname(outer)) return
  }
}

/** Also of a path that is not there yet: what there is of it may be a link. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || path === dirname(path)) return path
    return join(await realPathOf(dirname(path)), path.slice(dirname(path).length))
  }
}
