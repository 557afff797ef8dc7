import { expect, test } from 'vitest'
import { disabledEvent } from '#domain/backup/disabled-event'

test('the word before DO is changed, and no other', () => {
  const create =
    "CREATE DEFINER=` ENABLE `@`%` EVENT `x ENABLE DO y` ON SCHEDULE EVERY 1 DAY ON COMPLETION NOT PRESERVE ENABLE COMMENT 'ENABLE DO' DO ALTER EVENT z ENABLE"
  expect(disabledEvent(create)).toBe(
    "CREATE DEFINER=` ENABLE `@`%` EVENT `x ENABLE DO y` ON SCHEDULE EVERY 1 DAY ON COMPLETION NOT PRESERVE DISABLE COMMENT 'ENABLE DO' DO ALTER EVENT z ENABLE",
  )
})

test('a disabled event stays as it is', () => {
  const create = 'CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY DISABLE ON SLAVE DO SELECT 1 ENABLE'
  expect(disabledEvent(create)).toBe(create)
})

test('a quote in the body that is never closed is no matter', () => {
  const create = "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY ENABLE DO SELECT 1 -- it's"
  expect(disabledEvent(create)).toBe(create.replace('ENABLE', 'DISABLE'))
})

test('a comment under NO_BACKSLASH_ESCAPES may end with a backslash', () => {
  const create =
    "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY DISABLE COMMENT 'c\\' DO SELECT 'a' ENABLE -- '"
  expect(disabledEvent(create)).toBe(create)
})
