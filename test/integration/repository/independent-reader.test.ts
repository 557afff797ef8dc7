import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import { findTool } from '#process/find-tool'
import { onPath } from '#process/program'
import { runProgram } from '#process/run-program'
import { BackupPlace } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withOwnDatabase } from '#test/servers'
import { withFolder } from '#test/temporary'

// docs/reader.py was written from docs/formats.md, with Python's standard library, age and zstd.

const hasPython = await runProgram(onPath('python3'), [
  '-c',
  'import sys; assert sys.version_info >= (3, 10)',
]).then(
  () => true,
  () => false,
)

// Skipped where there is no python3 of 3.10 or newer.
test.skipIf(!hasPython).each(TEST_ENGINES)("%s: another's reader restores a table", family =>
  withFolder(async folder =>
    withOwnDatabase(family, async ({ server, session, database }) => {
      await session.run(
        `CREATE TABLE \`odd \`\`name\` (id BIGINT PRIMARY KEY, t TEXT CHARACTER SET utf8mb4, b BLOB, f FLOAT,
         d DECIMAL(6,2), at TIMESTAMP(3) NULL, j JSON, bits BIT(5))`,
      )
      await session.run(
        `INSERT INTO \`odd \`\`name\` VALUES
         (-9223372036854775808, 'tab\\tline\\nback\\\\slash \\\\N ☕', X'00090A5C0D1A27', 123456.789, -0.01, '2026-03-29 01:30:00.123', '{"a": [1, null]}', b'10101'),
         (0, '', '', 0, 0, NULL, NULL, NULL), (7, NULL, NULL, NULL, NULL, NULL, '"x"', b'0')`,
      )
      const place = await BackupPlace.make(join(folder, 'place'), family)
      await place.backUp(server, [database])
      const [age, zstd] = [findTool('age'), findTool('zstd')]
      const { stdout, stderr } = await runProgram(
        onPath('python3'),
        [
          join(packageRoot(), 'docs/reader.py'),
          place.path,
          place.identityFile,
          database,
          'odd `name',
        ],
        { env: { ...age.env, AGE: age.file, ZSTD: zstd.file } },
      )
      expect(stderr).toContain('3 rows of')
      const all =
        'SELECT id, HEX(t) t, HEX(b) b, CAST(f AS DOUBLE) f, d, at, CAST(j AS CHAR) j, bits + 0 bits FROM `odd ``name` ORDER BY id'
      const before = await session.rows(all)
      await session.run('RENAME TABLE `odd ``name` TO original')
      const statements = stdout
        .toString('utf8')
        .split(/;\n/)
        .filter(text => text)
      for (const statement of statements) await session.run(statement)
      expect(await session.rows(all)).toEqual(before)
    }),
  ),
)
