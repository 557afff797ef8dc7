import { expect, test } from 'vitest'
import { replaySettings } from '#engine/shared/binlog/replay-settings'

test.each([
  [{ old_mode: '', version: '10.11.19-MariaDB' }, "old_mode = ''"],
  [{ old_mode: '', version: '11.4.2-MariaDB' }, "old_mode = ''"],
  [{ old_mode: '', version: '10.5.22-MariaDB' }, null],
  [{ enforce_storage_engine: '', version: '10.11.19-MariaDB' }, null],
  [{ enforce_storage_engine: 'InnoDB' }, "enforce_storage_engine = 'InnoDB'"],
  [{ alter_algorithm: 'COPY', version: '10.11.19-MariaDB' }, "alter_algorithm = 'COPY'"],
  [{ alter_algorithm: 'INSTANT', old_alter_table: 'INSTANT', version: '10.11.19-MariaDB' }, null],
  [{ alter_algorithm: 'COPY', version: '11.8.2-MariaDB' }, null],
  [{ old_alter_table: 'ON', version: '9.7.4' }, "old_alter_table = 'ON'"],
  [{ block_encryption_mode: 'aes-256-cbc' }, "block_encryption_mode = 'aes-256-cbc'"],
  [{ group_concat_max_len: '1024', version: '9.7.4' }, 'group_concat_max_len = 1024'],
])('of %j a replay takes %j', (source, taken) => {
  const [general, all] = [replaySettings({}, null), replaySettings(source, null)]
  expect(all).toBe(taken === null ? general : `${general}, ${taken}`)
})

test('a table of the log that names only its character set has the collation that the source gave it', () => {
  const utf8mb4 = { character_set_collations: 'utf8mb4=utf8mb4_bin' }
  expect(replaySettings(utf8mb4, null)).toContain(
    ", /*M!110200 character_set_collations = 'utf8mb4=utf8mb4_bin', */ time_zone",
  )
  // 11.4 and older have none, or not the setting at all.
  expect(replaySettings({ version: '10.11.19-MariaDB' }, null)).toContain(
    ", /*M!110200 character_set_collations = '', */ time_zone",
  )
})

test.each([
  [null, '@@GLOBAL.time_zone'],
  ['+02:00', "'+02:00'"],
  ['SYSTEM', "'SYSTEM'"],
  [
    'Europe/Berlin',
    "IF(CONVERT_TZ('2000-01-01', 'Europe/Berlin', '+00:00') IS NULL, @@GLOBAL.time_zone, 'Europe/Berlin')",
  ],
])('with keys of %s a replay begins in the time zone %s', (keys, zone) => {
  expect(replaySettings({}, keys)).toContain(`, */ time_zone = ${zone}`)
})
