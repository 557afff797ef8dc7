-- What an erasure did, signed by the audit key and written in its transaction, until a checkpoint
-- says so. One that the audit key did not sign is not believed, so no trigger guards it.

CREATE TABLE IF NOT EXISTS erasure_record (
  erasure_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'UUID',
  statement LONGBLOB NOT NULL COMMENT 'signed',
  PRIMARY KEY (erasure_id)
) ENGINE = InnoDB COMMENT = 'ecomdb: erasures that no checkpoint says yet';
