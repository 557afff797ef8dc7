import { expect, test } from 'vitest'
import { placedElsewhere, placedInside } from '#domain/backup/placed-elsewhere'

const table = (tail: string): string =>
  `CREATE TABLE \`t\` (\n  \`a\` text COMMENT ' TABLESPACE \`x\` DATA DIRECTORY=\\'/x/\\''\n)${tail}`

test.each([
  [
    ' /*!50100 TABLESPACE `fast ``disk` */ ENGINE=InnoDB',
    'the tablespace fast `disk',
    ' ENGINE=InnoDB',
  ],
  [
    " ENGINE=InnoDB DATA DIRECTORY='/srv/fast/' COMMENT=' DATA DIRECTORY='",
    "DATA DIRECTORY '/srv/fast/'",
    " ENGINE=InnoDB COMMENT=' DATA DIRECTORY='",
  ],
  [
    " ENGINE=MyISAM DATA DIRECTORY='/a\\'b/' INDEX DIRECTORY='/i/'",
    "DATA DIRECTORY '/a\\'b/' and INDEX DIRECTORY '/i/'",
    ' ENGINE=MyISAM',
  ],
  [" ENGINE=MyISAM INDEX DIRECTORY='/i/'", "INDEX DIRECTORY '/i/'", ' ENGINE=MyISAM'],
  [
    "\n PARTITION BY RANGE (`i`)\n(PARTITION `p0` VALUES LESS THAN (10) DATA DIRECTORY = '/a' INDEX DIRECTORY = '/i' ENGINE = InnoDB,\n PARTITION `p1` VALUES LESS THAN MAXVALUE DATA DIRECTORY = '/a' ENGINE = InnoDB)",
    "DATA DIRECTORY '/a' and INDEX DIRECTORY '/i'",
    '\n PARTITION BY RANGE (`i`)\n(PARTITION `p0` VALUES LESS THAN (10) ENGINE = InnoDB,\n PARTITION `p1` VALUES LESS THAN MAXVALUE ENGINE = InnoDB)',
  ],
  [
    " /*!50100 TABLESPACE `innodb_file_per_table` */ ENGINE=InnoDB DATA DIRECTORY='/a/'",
    "DATA DIRECTORY '/a/'",
    ' /*!50100 TABLESPACE `innodb_file_per_table` */ ENGINE=InnoDB',
  ],
  ...[
    ' /*!50100 TABLESPACE `innodb_file_per_table` */ ENGINE=InnoDB',
    ' /*!50100 TABLESPACE `innodb_system` */ ENGINE=InnoDB',
    ' ENGINE=InnoDB DEFAULT CHARSET=utf8mb4',
  ].map(tail => [tail, null, tail] as const),
] as const)('%s: %s', (tail, place, inside) => {
  expect(placedElsewhere(table(tail))).toBe(place)
  expect(placedInside(table(tail))).toBe(table(inside))
})
