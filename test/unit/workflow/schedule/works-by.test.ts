import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '#config/load-config'
import { withFolder } from '#test/temporary'
import { worksBy } from '#workflow/schedule/schedule-context'

const KEYS = 'recipients: [age1x], signing_key_file: s, dedup_key_file: d, trusted_signers: [x]'
const SERVER = 'server: { port: 3306, user: u, password_file: p }'

test.each([
  ['the same', SERVER, KEYS, 'a', '', true],
  ['what no job that stays works by', SERVER, KEYS, 'a', 'reports_directory: r\n', true],
  ['an identity', SERVER, `${KEYS}, identity_files: [i]`, 'a', '', true],
  ['another recipient', SERVER, KEYS.replace('age1x', 'age1y'), 'a', '', false],
  ['another signing key', SERVER, KEYS.replace('file: s', 'file: t'), 'a', '', false],
  ['another target', SERVER, KEYS, 'b', '', false],
  ['another server', SERVER.replace('3306', '3307'), KEYS, 'a', '', false],
  ['another key of the audit', SERVER, KEYS, 'a', 'audit: { signing_key_file: k }\n', false],
])('a job that stays works by ecomdb.yaml: %s', async (_what, server, keys, target, more, same) =>
  withFolder(async folder => {
    const file = join(folder, 'ecomdb.yaml')
    const read = async (text: string) => {
      await writeFile(file, text)
      return worksBy(await loadConfig({ file, environment: { ECOMDB_PASSWORD: 'hunter2' } }))
    }
    const of = (one: string, two: string, three: string, rest: string) =>
      `${one}\nkeys: { ${two} }\ntarget: { directory: ${three} }\n${rest}`
    const before = await read(of(SERVER, KEYS, 'a', ''))
    expect(before).not.toContain('hunter2')
    expect((await read(of(server, keys, target, more))) === before).toBe(same)
  }),
)
