-- Second factors, earlier passwords, and the short-lived accounts that a login gets.

CREATE TABLE IF NOT EXISTS totp (
  person VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version INT NOT NULL COMMENT 'one more with every enrolment; bound to the sealed seed',
  state ENUM('pending', 'active', 'renew') NOT NULL
    COMMENT 'renew: a recovery code was used, and no code counts until the person is enrolled again',
  sealed_seed VARBINARY(128) NOT NULL COMMENT 'AES-256-GCM under a key that is not in the database',
  last_step BIGINT NOT NULL DEFAULT 0 COMMENT 'of the last code that was used; only ever grows',
  failures INT NOT NULL DEFAULT 0 COMMENT 'attempts in a row that were not right',
  blocked_until DATETIME(6) NULL COMMENT 'UTC',
  enrolled_at DATETIME(6) NOT NULL COMMENT 'UTC',
  confirmed_at DATETIME(6) NULL COMMENT 'UTC',
  PRIMARY KEY (person),
  CONSTRAINT totp_person FOREIGN KEY (person) REFERENCES person (person)
) ENGINE = InnoDB COMMENT = 'ecomdb: second factors';

CREATE TABLE IF NOT EXISTS recovery_code (
  person VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  code_hash BINARY(32) NOT NULL COMMENT 'SHA-256 of 128 random bits',
  used_at DATETIME(6) NULL COMMENT 'UTC',
  PRIMARY KEY (person, code_hash),
  CONSTRAINT recovery_code_person FOREIGN KEY (person) REFERENCES person (person)
) ENGINE = InnoDB COMMENT = 'ecomdb: codes for a lost second factor, each for one use';

CREATE TABLE IF NOT EXISTS password_history (
  history_id BIGINT NOT NULL AUTO_INCREMENT,
  person VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  changed_at DATETIME(6) NOT NULL COMMENT 'UTC',
  salt BINARY(16) NOT NULL,
  hash BINARY(32) NOT NULL COMMENT 'scrypt, N = 32768, r = 8, p = 1',
  PRIMARY KEY (history_id),
  KEY password_history_person (person, history_id),
  CONSTRAINT password_history_person FOREIGN KEY (person) REFERENCES person (person)
) ENGINE = InnoDB COMMENT = 'ecomdb: earlier passwords, so that none comes back';

CREATE TABLE IF NOT EXISTS session_account (
  session_user VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  session_host VARCHAR(255) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  person VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(6) NOT NULL COMMENT 'UTC; before the account itself is made',
  expires_at DATETIME(6) NOT NULL COMMENT 'UTC',
  ended_at DATETIME(6) NULL COMMENT 'UTC; NULL as long as the account may be there',
  end_reason VARCHAR(40) NULL,
  PRIMARY KEY (session_user),
  KEY session_account_person (person, ended_at),
  KEY session_account_open (ended_at, expires_at),
  CONSTRAINT session_account_person FOREIGN KEY (person) REFERENCES person (person)
) ENGINE = InnoDB COMMENT = 'ecomdb: accounts that live for one login';
