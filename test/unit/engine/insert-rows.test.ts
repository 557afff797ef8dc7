import { expect, test } from 'vitest'
import { insertStatements } from '#engine/shared/bulk-load/insert-rows'
import { loadStatement } from '#engine/shared/bulk-load/row-statements'

const table = {
  schema: 's',
  name: 'a`b',
  create: 'CREATE TABLE `a``b` (\n  `id` int NOT NULL\n) ENGINE=InnoDB',
  columns: [
    { name: 'id', read: '`id`', store: null },
    { name: 'text', read: '`text`', store: null },
    { name: 'json', read: '`json`', store: 'CONVERT(@v USING utf8mb4)' },
  ],
}
const HEAD = 'INSERT INTO `s`.`a``b` (`id`, `text`, `json`) VALUES '

async function* cut(text: string, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size))
}

async function statements(text: string, size: number, limit = 1e6): Promise<string[]> {
  const all: string[] = []
  for await (const { sql } of insertStatements(table, cut(text, size), limit)) all.push(String(sql))
  return all
}

test.each([1, 2, 3, 7, 1000])('a line is the same row however it is cut (%i bytes)', async size => {
  const tsv = "1\tit's \\'ok\\'\\\\'\t\\N\n2\ta\\\tb\\\nc\\\\\t{}\n3\t\t\\\\N\n"
  expect(await statements(tsv, size)).toEqual([
    `${HEAD}(_binary'1',_binary'it''s \\'ok\\'\\\\''',CONVERT(NULL USING utf8mb4))` +
      ",(_binary'2',_binary'a\\\tb\\\nc\\\\',CONVERT(_binary'{}' USING utf8mb4))" +
      ",(_binary'3',_binary'',CONVERT(_binary'\\\\N' USING utf8mb4))",
  ])
})

test('statements stay below the limit, but for a single row', async () => {
  const all = await statements('1\taaaaaaaaaa\t1\n2\tb\t1\n3\tb\t1\n', 5, HEAD.length + 100)
  expect(all).toHaveLength(3)
})

test.each(['1\t2\n', '1\t2\t3\t4\n', '1\t2\t3'])('refuses a line that is none: %j', async tsv => {
  await expect(statements(tsv, 100)).rejects.toThrow(RangeError)
})

test('LOAD DATA stores through a variable where a column has an expression', () => {
  expect(loadStatement(table)).toBe(
    "LOAD DATA LOCAL INFILE 'rows' INTO TABLE `s`.`a``b` CHARACTER SET binary (`id`, `text`, @v2)" +
      ' SET `json` = CONVERT(@v2 USING utf8mb4)',
  )
})

test('an AUTO_INCREMENT column beside one with an expression goes through a variable, too', () => {
  const counting = {
    ...table,
    create: 'CREATE TABLE `a``b` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  PRIMARY KEY (`id`)\n)',
  }
  expect(loadStatement(counting)).toContain('(@v0, `text`, @v2) SET `id` = @v0, `json` =')
  const plain = { ...counting, columns: counting.columns.slice(0, 2) }
  expect(loadStatement(plain)).toMatch(/\(`id`, `text`\)$/)
})
