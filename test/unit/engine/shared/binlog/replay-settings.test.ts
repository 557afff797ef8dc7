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
  const [general, all] = [replaySettings({}), replaySettings(source)]
  expect(all).toBe(taken === null ? general : `${general}, ${taken}`)
})

test('a table of the log that names only its character set has the collation that the source gave it', () => {
  const utf8mb4 = { character_set_collations: 'utf8mb4=utf8mb4_bin' }
  expect(replaySettings(utf8mb4)).toContain(
    ", /*M!110200 character_set_collations = 'utf8mb4=utf8mb4_bin', */ time_zone",
  )
  // 11.4 and older have none, or not the setting at all.
  expect(replaySettings({ version: '10.11.19-MariaDB' })).toContain(
    ", /*M!110200 character_set_collations = '', */ time_zone",
  )
})

test.each([
  [{}, '@@GLOBAL.time_zone'],
  [{ time_zone: '+02:00' }, "'+02:00'"],
  [{ time_zone: 'UTC' }, "'+00:00'"],
  [{ time_zone: 'SYSTEM', system_time_zone: 'UTC', system_offsets: '0,0' }, "'+00:00'"],
  [{ time_zone: 'SYSTEM', system_time_zone: 'CST', system_offsets: '28800,28800' }, "'+08:00'"],
  [{ time_zone: 'SYSTEM', system_time_zone: 'CET', system_offsets: '3600,7200' }, "'SYSTEM'"],
  [
    { time_zone: 'Europe/Berlin' },
    "IF(CONVERT_TZ('2000-01-01', 'Europe/Berlin', '+00:00') IS NULL, @@GLOBAL.time_zone, 'Europe/Berlin')",
  ],
])('of %j a replay begins in the time zone %s', (source, zone) => {
  expect(replaySettings(source)).toContain(`, */ time_zone = ${zone}`)
})
