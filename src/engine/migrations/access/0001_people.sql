-- Who ecomdb answers for: people, the accounts that stand for them, and what was done to both.
-- Nobody is granted anything here; an administrator reads and writes it.

CREATE TABLE IF NOT EXISTS person (
  person VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the handle: alice',
  full_name VARCHAR(200) NOT NULL,
  email VARCHAR(320) NULL,
  state ENUM('active', 'locked', 'left') NOT NULL DEFAULT 'active',
  created_at DATETIME(6) NOT NULL COMMENT 'UTC',
  left_at DATETIME(6) NULL COMMENT 'UTC; the name stays reserved',
  PRIMARY KEY (person),
  CONSTRAINT person_is_a_handle CHECK (person REGEXP '^[a-z][a-z0-9._-]{0,30}$')
) ENGINE = InnoDB COMMENT = 'ecomdb: people who have or had access';

CREATE TABLE IF NOT EXISTS account (
  account_user VARCHAR(128) NOT NULL,
  account_host VARCHAR(255) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  person VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
  kind ENUM('identity', 'session', 'service', 'application', 'adopted') NOT NULL,
  created_at DATETIME(6) NOT NULL COMMENT 'UTC',
  PRIMARY KEY (account_user, account_host),
  KEY account_person (person),
  CONSTRAINT account_person FOREIGN KEY (person) REFERENCES person (person)
) ENGINE = InnoDB COMMENT = 'ecomdb: accounts that it answers for; all others are unknown and left alone';

CREATE TABLE IF NOT EXISTS operation (
  operation_id BIGINT NOT NULL AUTO_INCREMENT,
  at DATETIME(6) NOT NULL COMMENT 'UTC',
  actor VARCHAR(400) NOT NULL COMMENT 'the user of the host, and the account as USER() says',
  command VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject VARCHAR(400) NOT NULL,
  detail JSON NOT NULL,
  PRIMARY KEY (operation_id),
  KEY operation_at (at)
) ENGINE = InnoDB COMMENT = 'ecomdb: what was done to access; rows are added only';
