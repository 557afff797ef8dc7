-- Who holds a role until when, and why; what the dead-man locked while nobody else enforced an
-- end; and programs that are between two definers.

CREATE TABLE IF NOT EXISTS role_grant (
  grant_id BIGINT NOT NULL AUTO_INCREMENT,
  person VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  role VARCHAR(128) NOT NULL,
  reason VARCHAR(500) NOT NULL,
  ticket VARCHAR(100) NULL,
  approver VARCHAR(128) NULL,
  granted_by VARCHAR(400) NOT NULL COMMENT 'the user of the host, and the account as USER() says',
  starts_at DATETIME(6) NOT NULL COMMENT 'UTC',
  ends_at DATETIME(6) NULL COMMENT 'UTC; NULL until it is revoked',
  ended_at DATETIME(6) NULL COMMENT 'UTC; NULL as long as the person has it',
  ended_by VARCHAR(400) NULL,
  end_reason VARCHAR(500) NULL,
  PRIMARY KEY (grant_id),
  KEY role_grant_person (person),
  KEY role_grant_end (ended_at, ends_at),
  CONSTRAINT role_grant_person FOREIGN KEY (person) REFERENCES person (person)
) ENGINE = InnoDB COMMENT = 'ecomdb: roles that people hold or held; rows are never removed';

CREATE TABLE IF NOT EXISTS dead_man_lock (
  account_user VARCHAR(128) NOT NULL,
  account_host VARCHAR(255) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  grant_id BIGINT NOT NULL COMMENT 'the lease that had run out',
  locked_at DATETIME(6) NOT NULL COMMENT 'UTC',
  PRIMARY KEY (account_user, account_host)
) ENGINE = InnoDB COMMENT = 'ecomdb: accounts that the dead-man locked; expire ends the lease and unlocks';

CREATE TABLE IF NOT EXISTS rehoming (
  schema_name VARCHAR(64) NOT NULL,
  kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(64) NOT NULL,
  place INT NOT NULL COMMENT 'triggers of one table are made again in this order',
  table_name VARCHAR(64) NULL,
  entry LONGTEXT NOT NULL COMMENT 'JSON: the program with its new definer',
  grants LONGTEXT NOT NULL COMMENT 'JSON: statements',
  begun_at DATETIME(6) NOT NULL COMMENT 'UTC',
  PRIMARY KEY (schema_name, kind, name)
) ENGINE = InnoDB COMMENT = 'ecomdb: programs that are dropped and made again; empty between runs';
