-- What ecomdb itself keeps in the shop's database: which migrations ran, what the schema
-- looked like when they were done, and rows that an adoption could not keep in place.

-- @unless table ecomdb_migration
CREATE TABLE ecomdb_migration (
  version INT NOT NULL,
  name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  checksum CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'SHA-256 of the file, hexadecimal',
  state VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'running, done, or adopted: it was there before',
  statement_index INT NOT NULL COMMENT 'the statement that runs, or ran last; from 1',
  started_at DATETIME(6) NOT NULL COMMENT 'UTC',
  finished_at DATETIME(6) NULL COMMENT 'UTC',
  applied_by VARCHAR(300) NOT NULL COMMENT 'the account, as USER() says',
  tool_version VARCHAR(32) NOT NULL,
  PRIMARY KEY (version)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'ecomdb: migrations that ran here';

-- @unless table ecomdb_object
CREATE TABLE ecomdb_object (
  kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  definition LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'as SHOW CREATE says',
  version INT NOT NULL COMMENT 'the last migration when this was recorded',
  PRIMARY KEY (kind, name)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'ecomdb: the schema that the migrations made, to find drift';

-- @unless table ecomdb_set_aside
CREATE TABLE ecomdb_set_aside (
  table_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  row_key VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  reason VARCHAR(200) NOT NULL,
  row_content TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'JSON',
  set_aside_at DATETIME(6) NOT NULL COMMENT 'UTC',
  PRIMARY KEY (table_name, row_key)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'ecomdb: rows that an adoption replaced, as they were';
