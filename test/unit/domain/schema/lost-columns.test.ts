import { expect, test } from 'vitest'
import { lostColumns } from '#domain/schema/lost-columns'

const lost = (body: string): string[] =>
  lostColumns(`CREATE DEFINER=\`root\`@\`%\` TRIGGER t BEFORE UPDATE ON o FOR EACH ROW ${body}`, [
    'id',
    'Total',
    'two words',
    'ä',
  ])

test('columns that the table has are not lost, however they are written', () => {
  expect(lost('SET NEW.total = OLD . `TOTAL` + new.`two words`, NEW.ä = NEW.id')).toEqual([])
  expect(lost('SET NEW.row_start = OLD.my_row_id')).toEqual([])
})

test('those that it has no more are, once', () => {
  expect(lost('SET NEW.gone = OLD.`Gone``too`, new.gone = 1')).toEqual(['NEW.gone', 'OLD.Gone`too'])
})

test('words in quotes, comments and other names are none', () => {
  expect(
    lost(`BEGIN
      /* NEW.a */ -- NEW.b
      # OLD.c
      SET @new.d = 'NEW.e', @x = "it""s OLD.f", NEW.total = 'it\\'s NEW.g';
      INSERT INTO renew.h SELECT \`NEW.i\`, x.new.j FROM new.k;
    END`),
  ).toEqual([])
})

test('a database may be called so', () => {
  expect(
    lostColumns(
      `CREATE TRIGGER new.t AFTER UPDATE ON new.orders FOR EACH ROW BEGIN
        INSERT INTO old.orders (id) SELECT k.id FROM new . k JOIN OLD.\`names\` AS n ON NEW.id = old.n.id;
        UPDATE new.sums SET n = new.sums.n + old . plus (NEW.id);
        CALL new.told(OLD.id);
      END`,
      ['id'],
    ),
  ).toEqual([])
})

test('values of functions are none of its tables, and names may be quoted', () => {
  expect(lost('SET NEW.id = EXTRACT(YEAR FROM NEW.made), @a = TRIM("x" FROM OLD.name)')).toEqual([
    'NEW.made',
    'OLD.name',
  ])
  expect(lost('SET `new`.`a``b` = NEW."c""d", "OLD".e = NEW."total", NEW.id = OLD.f')).toEqual([
    ...['NEW.a`b', 'NEW.c"d', 'OLD.e', 'OLD.f'],
  ])
})
