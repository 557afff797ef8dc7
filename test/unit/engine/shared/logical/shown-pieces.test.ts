import { expect, test } from 'vitest'
import { shownPieces, withoutEscapes } from '#engine/shared/logical/shown-pieces'

/** A latin1 client's own text, and « » around what comes from the dictionary in UTF-8. */
function shown(text: string): Buffer {
  return Buffer.concat(
    text.split(/[«»]/).map((part, place) => Buffer.from(part, place % 2 ? 'utf8' : 'latin1')),
  )
}

/** The pieces as one text, « » around those in UTF-8. */
function pieced(...[kind, bytes, stored]: Parameters<typeof shownPieces>): string {
  return shownPieces(kind, bytes, stored)
    .map(piece => (piece.isUtf8 ? `«${piece.bytes}»` : piece.bytes.toString('latin1')))
    .join('')
}

const NONE = { name: 'p', definer: 'root@localhost', comment: '', table: '' }

test.each([
  [
    'event',
    "CREATE «DEFINER=`dé`@`localhost`»« EVENT `y``é`» ON SCHEDULE EVERY 1 YEAR ENABLE« COMMENT 'it''s \\\\ \\n ä'» DO SET @a = 'bö'",
    { ...NONE, name: 'y`é', definer: 'dé@localhost', comment: "it's \\ \n ä" },
  ],
  [
    // MySQL, of a routine under ANSI_QUOTES.
    'function',
    `CREATE «DEFINER="d""é"@"%"»« FUNCTION "fé"»(aé INT«) RETURNS enum('ü,''(','b')» CHARSET utf8mb4\n   « COMMENT 'cä'»\nRETURN 'ü'`,
    { ...NONE, name: 'fé', definer: 'd"é@%', comment: 'cä' },
  ],
  [
    // MariaDB puts these names into the client's set itself.
    'function',
    "CREATE DEFINER=`dé`@`localhost` FUNCTION `fé`(aé INT«) RETURNS set('ü')» CHARSET utf8mb4\n   « COMMENT 'cä'»\nRETURN 'ü'",
    { ...NONE, name: 'fé', definer: 'dé@localhost', comment: 'cä' },
  ],
  [
    // MariaDB: of a role, and under the sql_mode ORACLE.
    'function',
    "CREATE «DEFINER=`rolé`» FUNCTION `f`(a INT«) RETURN enum('ü')» CHARSET latin1\nRETURN 'ü'",
    { ...NONE, name: 'f', definer: 'rolé' },
  ],
  [
    'trigger',
    "CREATE «DEFINER=`dé`@`localhost`»« TRIGGER `gé`» BEFORE INSERT« ON `tä`» FOR EACH ROW SET @a = 'bö'",
    { ...NONE, name: 'gé', definer: 'dé@localhost', table: 'tä' },
  ],
  [
    // MariaDB: as it was written.
    'trigger',
    "CREATE «DEFINER=`dé`@`localhost`» trigger gé before insert on tä FOR EACH ROW SET @a = 'bö'",
    { ...NONE, name: 'gé', definer: 'dé@localhost', table: 'tä' },
  ],
  ['procedure', "CREATE DEFINER=`root`@`localhost` PROCEDURE `p`()\nSELECT 'bö'", NONE],
  [
    // In the client's set, if ever a server prints it so.
    'function',
    "CREATE DEFINER=`root`@`localhost` FUNCTION `p`() RETURNS enum('ü')\nRETURN 'ü'",
    NONE,
  ],
] as const)('%s: %s', (kind, text, stored) => {
  expect(pieced(kind, shown(text), stored)).toBe(text)
})

test('under NO_BACKSLASH_ESCAPES a comment and members are read as they stand', () => {
  const create =
    "CREATE FUNCTION `f`() RETURNS enum('a\\\\','\\n')\n    COMMENT 'it''s \\\\ \\n'\nRETURN '\\n'"
  expect(withoutEscapes('function', create, "it's \\ \n")).toBe(
    "CREATE FUNCTION `f`() RETURNS enum('a\\','\n')\n    COMMENT 'it''s \\ \n'\nRETURN '\\n'",
  )
})
