import { expect, test } from 'vitest'
import { parseCreateTable } from '#domain/schema/create-table'
import { columnsWithoutDefault } from '#domain/schema/without-default'

test('columns that may be NULL, print no default, and could have one', () => {
  const create = `CREATE TABLE \`t\` (
  \`id\` int NOT NULL AUTO_INCREMENT,
  \`none\` varchar(10) CHARACTER SET latin1 COMMENT 'NOT NULL DEFAULT',
  \`time\` timestamp NULL,
  \`null\` int DEFAULT NULL,
  \`words\` mediumtext,
  \`place\` multipoint,
  \`made\` int GENERATED ALWAYS AS ((\`id\` + 1)) VIRTUAL,
  PRIMARY KEY (\`id\`),
  CONSTRAINT \`c\` CHECK ((\`id\` > 0))
) ENGINE=InnoDB`
  expect(columnsWithoutDefault(parseCreateTable(create))).toEqual(['none', 'time'])
})
