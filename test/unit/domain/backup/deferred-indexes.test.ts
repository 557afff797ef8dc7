import { expect, test } from 'vitest'
import { splitTable } from '#domain/backup/deferred-indexes'

const table = (clauses: readonly string[], tail = ') ENGINE=InnoDB'): string =>
  `CREATE TABLE \`t\` (\n  ${clauses.join(',\n  ')}\n${tail}`

const ID = '`id` bigint NOT NULL'
const COUNTER = '`id` bigint NOT NULL AUTO_INCREMENT'
const TEXT = "`text` varchar(10) COMMENT 'KEY `no` (`id`), AUTO_INCREMENT'"

test('secondary keys, then full-text keys one by one, then foreign keys', () => {
  const split = splitTable(
    table([
      COUNTER,
      TEXT,
      'PRIMARY KEY (`id`)',
      'UNIQUE KEY `u` (`text`)',
      "KEY `k` (`text`) COMMENT 'a, b'",
      'FULLTEXT KEY `f1` (`text`)',
      'FULLTEXT KEY `f2` (`text`) /*!50100 WITH PARSER `ngram` */ ',
      'CONSTRAINT `FOREIGN KEY` CHECK (`id` > 0)',
      'CONSTRAINT `c` FOREIGN KEY (`id`) REFERENCES `p` (`id`) ON DELETE CASCADE',
    ]),
    'InnoDB',
  )
  expect(split.create).toBe(
    table([COUNTER, TEXT, 'PRIMARY KEY (`id`)', 'CONSTRAINT `FOREIGN KEY` CHECK (`id` > 0)']),
  )
  expect(split.indexes).toEqual([
    ['ADD UNIQUE KEY `u` (`text`)', "ADD KEY `k` (`text`) COMMENT 'a, b'"],
    ['ADD FULLTEXT KEY `f1` (`text`)'],
    ['ADD FULLTEXT KEY `f2` (`text`) /*!50100 WITH PARSER `ngram` */'],
  ])
  expect(split.foreignKeys).toEqual([
    'ADD CONSTRAINT `c` FOREIGN KEY (`id`) REFERENCES `p` (`id`) ON DELETE CASCADE',
  ])
})

test('a key that the counter needs stays, and so do the keys before it', () => {
  const split = splitTable(
    table([
      COUNTER,
      TEXT,
      'PRIMARY KEY (`text`)',
      'KEY `a` (`text`)',
      'KEY `i` (`id`)',
      'KEY `z` (`text`)',
    ]),
    'InnoDB',
  )
  expect(split.create).toContain('KEY `a` (`text`),\n  KEY `i` (`id`)\n')
  expect(split.indexes).toEqual([['ADD KEY `z` (`text`)']])
})

test('without a primary key the rows may be ordered by a unique key, which stays', () => {
  const split = splitTable(table([ID, 'UNIQUE KEY `u` (`id`)', 'KEY `k` (`id`)']), 'InnoDB')
  expect(split.create).toContain('UNIQUE KEY `u` (`id`)')
  expect(split.indexes).toEqual([['ADD KEY `k` (`id`)']])
})

test.each([
  ['another storage engine', table([ID, 'KEY `k` (`id`)'], ') ENGINE=Aria'), 'Aria'],
  ['nothing to wait', table([ID, 'PRIMARY KEY (`id`)']), 'InnoDB'],
  [
    'a hashed unique key',
    table([ID, 'PRIMARY KEY (`id`)', 'UNIQUE KEY `u` (`id`) USING HASH']),
    'InnoDB',
  ],
  [
    'a kind of key that is unknown',
    table([ID, 'PRIMARY KEY (`id`)', 'VECTOR KEY `v` (`id`)']),
    'InnoDB',
  ],
])('%s: the definition stays byte for byte', (_what, create, engine) => {
  expect(splitTable(create, engine)).toEqual({ create, indexes: [], foreignKeys: [] })
})

test('keys of a table whose CHECKs an ALTER would rewrite do not wait, and its CHECKs are the last', () => {
  const latin = '`c` char(3) CHARACTER SET latin1'
  const check = "CONSTRAINT `k` CHECK ((`c` <> _utf8mb4'x'))"
  const foreign = 'CONSTRAINT `f` FOREIGN KEY (`id`) REFERENCES `p` (`id`)'
  const alone = table([ID, latin, 'PRIMARY KEY (`id`)', 'KEY `c` (`c`)', check])
  expect(splitTable(alone, 'InnoDB')).toEqual({ create: alone, indexes: [], foreignKeys: [] })
  expect(
    splitTable(table([ID, latin, 'PRIMARY KEY (`id`)', 'KEY `c` (`c`)', foreign, check]), 'InnoDB'),
  ).toEqual({
    create: table([ID, latin, 'PRIMARY KEY (`id`)', 'KEY `c` (`c`)']),
    indexes: [],
    foreignKeys: [`ADD ${foreign}`, `ADD ${check}`],
  })
})
