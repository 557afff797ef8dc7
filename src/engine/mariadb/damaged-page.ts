import { EcomdbError } from '#core/errors'

/**
 * What a line of mariadb-backup's says of a page that it has read ten times. Behind it comes the page, with its
 * rows: those are for no log and no mail, and push the name of the file out of what is kept.
 */
export function damagedPage(line: string): EcomdbError | null {
  const [, path] =
    /failed to read page after \d+ retries\. File (.+?) seems to be corrupted/.exec(line) ?? []
  if (path === undefined) return null
  return new EcomdbError('TOOL_FAILED', {
    what: `mariadb-backup found a damaged page in ${path.replace(/^\.\//, '')}`,
    why: 'it read the page ten times, and its checksum was wrong each time; nothing was published',
    hints: [
      'look after the disk and the memory of that host first',
      'bring the table back from an earlier snapshot: `ecomdb backup list`, `ecomdb restore ID --table DATABASE.TABLE --into NAME`',
    ],
  })
}
