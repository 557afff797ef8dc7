import { expect, test } from 'vitest'
import { asFilesCount } from '#domain/backup/counters-of-files'

const table = (options: string): string => `CREATE TABLE \`t\` (\n  \`id\` int NOT NULL\n${options}`

test('the value that data files have is taken, and nothing else', () => {
  expect(
    asFilesCount(
      table(") ENGINE=InnoDB AUTO_INCREMENT=16 COMMENT='a'"),
      table(") ENGINE=InnoDB AUTO_INCREMENT=11 COMMENT='b'"),
    ),
  ).toEqual({
    create: table(") ENGINE=InnoDB AUTO_INCREMENT=11 COMMENT='a'"),
    change: '11, not 16',
  })
})

test('a value that rows used which were rolled back is taken too', () => {
  const is = table(') ENGINE=InnoDB AUTO_INCREMENT=16 DEFAULT CHARSET=x')
  for (const before of [' AUTO_INCREMENT=11', '']) {
    const was = table(`) ENGINE=InnoDB${before} DEFAULT CHARSET=x`)
    const change = `16, not ${before === '' ? 1 : 11}`
    expect(asFilesCount(was, is)).toEqual({ create: is, change })
  }
})

test('where no value was used, the files have none', () => {
  const was = table(') /*!50100 TABLESPACE `x` */ ENGINE=InnoDB AUTO_INCREMENT=4 DEFAULT CHARSET=x')
  const is = table(') /*!50100 TABLESPACE `x` */ ENGINE=InnoDB DEFAULT CHARSET=x')
  expect(asFilesCount(was, is)).toEqual({ create: is, change: '1, not 4' })
})

test('rows of MEMORY are in no file, and their next value neither', () => {
  const [was, is] = [table(') ENGINE=MEMORY AUTO_INCREMENT=4'), table(') ENGINE=MEMORY')]
  expect(asFilesCount(was, is)).toEqual({ create: is, change: '1, not 4' })
})

test.each([
  [') ENGINE=InnoDB AUTO_INCREMENT=11', ') ENGINE=InnoDB AUTO_INCREMENT=11'],
  [') ENGINE=InnoDB', ') ENGINE=InnoDB'],
  [') ENGINE=MyISAM AUTO_INCREMENT=16', ') ENGINE=MyISAM AUTO_INCREMENT=11'],
  [") ENGINE=InnoDB COMMENT=' AUTO_INCREMENT=16'", ") ENGINE=InnoDB COMMENT=' AUTO_INCREMENT=11'"],
])('%s is compared with %s as it is', (was, is) => {
  expect(asFilesCount(table(was), table(is))).toBe(null)
})
