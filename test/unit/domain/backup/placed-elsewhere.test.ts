import { expect, test } from 'vitest'
import { placedElsewhere } from '#domain/backup/placed-elsewhere'

const table = (tail: string): string =>
  `CREATE TABLE \`t\` (\n  \`a\` text COMMENT ' TABLESPACE \`x\` DATA DIRECTORY='\n)${tail}`

test.each([
  [' /*!50100 TABLESPACE `fast ``disk` */ ENGINE=InnoDB', 'the tablespace fast `disk'],
  [" ENGINE=InnoDB DATA DIRECTORY='/srv/fast/'", 'a DATA DIRECTORY'],
  [' /*!50100 TABLESPACE `innodb_file_per_table` */ ENGINE=InnoDB', null],
  [' ENGINE=InnoDB DEFAULT CHARSET=utf8mb4', null],
])('%s: %s', (tail, place) => {
  expect(placedElsewhere(table(tail))).toBe(place)
})
