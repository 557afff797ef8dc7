-- What `ecomdb restore` signed of this trail: why the database is older than the anchors. A statement
-- that the audit key did not sign is not believed, so no trigger guards it.

CREATE TABLE IF NOT EXISTS restored (
  restore_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'UUID',
  at DATETIME(6) NOT NULL COMMENT 'UTC',
  statement MEDIUMBLOB NOT NULL COMMENT 'signed',
  PRIMARY KEY (restore_id)
) ENGINE = InnoDB COMMENT = 'ecomdb: restores of this trail';
