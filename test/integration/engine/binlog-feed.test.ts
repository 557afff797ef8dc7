import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { mysqlBinlogDialect } from '#engine/mysql/binlog-dialect'
import { openFeed } from '#engine/shared/binlog/feed'
import { withFolder } from '#test/temporary'

/** An event of 19 bytes, all header: its length is in it. */
const EVENT = Buffer.from('000000000401000000130000001700000000000000'.slice(0, 38), 'hex')

test('a tool that closes its file and ends later has not gone on in the next file', async () => {
  await withFolder(async folder => {
    vi.stubEnv('ECOMDB_STATE', join(folder, 'state'))
    const bytes = join(folder, 'bytes')
    await writeFile(bytes, Buffer.concat([Buffer.from([0xfe, 0x62, 0x69, 0x6e]), EVENT]))
    const file = join(folder, 'tool')
    await writeFile(
      file,
      `#!/bin/sh\nfor a; do case $a in --result-file=*) out=\${a#--result-file=};; esac; done\ncat ${bytes} > "\${out}binlog.000001"\nsleep 1\n`,
    )
    await chmod(file, 0o755)
    const dialect = { ...mysqlBinlogDialect, tool: () => ({ file, args: [], env: {} }) }
    const connect = { socketPath: '/nowhere', user: 'nobody' }
    const at = { files: ['binlog.000001'], file: 'binlog.000001', offset: 4, follow: false }
    const feed = await openFeed(dialect, { ...at, connect })
    const kinds: string[] = []
    while (kinds.at(-1) !== 'end') kinds.push((await feed.next(5000)).kind)
    await feed.close()
    expect(kinds).toEqual(['event', 'end'])
  })
})
