import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { complaints } from '#engine/shared/server-process'
import { withFolder } from '#test/temporary'

// MySQL 9.7 with an undo file of another account.
const SAID = [
  '[System] [MY-013576] [InnoDB] InnoDB initialization has started.',
  '[ERROR] [MY-012592] [InnoDB] Operating system error number 13 in a file operation.',
  '[ERROR] [MY-012595] [InnoDB] The error means mysqld does not have the access rights to the directory.',
  "[ERROR] [MY-013039] [InnoDB] Can't create UNDO tablespace innodb_undo_001  since './undo_001' already exists.",
  '[ERROR] [MY-012930] [InnoDB] Plugin initialization aborted with error Generic error.',
  '[ERROR] [MY-010334] [Server] Failed to initialize DD Storage Engine',
  '[ERROR] [MY-010020] [Server] Data Dictionary initialization failed.',
  '[ERROR] [MY-010119] [Server] Aborting',
]

test("the system's own reason is among what a server says, however much it says then", async () => {
  await withFolder(async folder => {
    await writeFile(join(folder, 'server.log'), `${SAID.join('\n')}\n`)
    const told = (await complaints(folder)).split(/\n +/)
    expect(told).toEqual([SAID[1], ...SAID.slice(-5)])
  })
})
