import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findInstallation } from '#engine/installation'
import type { ProgramCommand } from '#process/program'
import { runProgram } from '#process/run-program'
import { TEST_ENGINES } from '#test/engines'
import { withFolder } from '#test/temporary'

test.each(TEST_ENGINES)(
  '%s: another version is used where its folder is named, as installed or as unpacked',
  async family => {
    await withFolder(async folder => {
      const server = family === 'mysql' ? 'mysqld' : 'mariadbd'
      const variable = `ECOMDB_${family.toUpperCase()}_BASEDIR`
      for (const usr of ['installed', 'unpacked/root/usr']) {
        await mkdir(join(folder, usr, 'sbin'), { recursive: true })
        await writeFile(join(folder, usr, 'sbin', server), '')
      }
      const found = (name: string) => findInstallation(family, { [variable]: join(folder, name) })
      expect(found('installed')).toMatchObject({ basedir: join(folder, 'installed') })
      const { basedir, program } = found('unpacked')
      expect(basedir).toBe(join(folder, 'unpacked/root/usr'))
      // Its own libraries, and not the machine's.
      const { args, env } = program(server)
      const libraries = [...args, env['LD_LIBRARY_PATH'] ?? ''].join(' ')
      expect(libraries).toContain(join(basedir, 'lib/'))
    })
  },
)

test.runIf(TEST_ENGINES.includes('mysql'))(
  'mysql: accounts in ~/.mylogin.cnf are none of ecomdb’s',
  async () => {
    await withFolder(async home => {
      const at = (name: string) => {
        const found = findInstallation('mysql').program(name)
        return { ...found, env: { ...found.env, HOME: home } as Record<string, string> }
      }
      const { MYSQL_TEST_LOGIN_FILE: _, ...env } = at('mysql_config_editor').env
      await runProgram({ ...at('mysql_config_editor'), env }, [
        ...['set', '--login-path=client', '--user=stranger', '--skip-warn'],
      ])
      const asked = async (command: ProgramCommand) =>
        (await runProgram(command, ['--print-defaults'])).stdout.toString('utf8')
      for (const name of ['mysql', 'mysqlbinlog']) {
        expect(await asked({ ...at(name), env })).toContain('--user=stranger')
        expect(await asked(at(name))).not.toContain('stranger')
      }
    })
  },
)
