-- The audit trail (docs/audit-format.md). Rows of event and batch are added only: two triggers on
-- each stop a mistake, and the signed checkpoints find what gets past them.

CREATE TABLE IF NOT EXISTS trail (
  only_row TINYINT NOT NULL DEFAULT 1,
  trail_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'UUID',
  shop_database VARCHAR(64) NOT NULL,
  created_at DATETIME(6) NOT NULL COMMENT 'UTC',
  PRIMARY KEY (only_row),
  CONSTRAINT trail_has_one_row CHECK (only_row = 1)
) ENGINE = InnoDB COMMENT = 'ecomdb: which trail this is';

CREATE TABLE IF NOT EXISTS layout (
  layout_id SMALLINT UNSIGNED NOT NULL,
  table_name VARCHAR(64) NOT NULL,
  content TEXT NOT NULL COMMENT 'JSON: the columns and the key, in the order of the canonical row',
  created_at DATETIME(6) NOT NULL COMMENT 'UTC',
  PRIMARY KEY (layout_id)
) ENGINE = InnoDB COMMENT = 'ecomdb: what the canonical row of a table is made of';

CREATE TABLE IF NOT EXISTS audited_table (
  table_name VARCHAR(64) NOT NULL,
  layout_id SMALLINT UNSIGNED NOT NULL,
  baseline_done_at DATETIME(6) NULL COMMENT 'UTC; NULL while rows of before are being written down',
  PRIMARY KEY (table_name)
) ENGINE = InnoDB COMMENT = 'ecomdb: the tables that are audited';

CREATE TABLE IF NOT EXISTS event (
  event_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  at DATETIME(6) NOT NULL COMMENT 'UTC',
  kind CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  layout_id SMALLINT UNSIGNED NOT NULL,
  row_key VARBINARY(3200) NOT NULL,
  old_key VARBINARY(3200) NULL,
  account VARCHAR(300) NOT NULL COMMENT 'USER()',
  connection_id BIGINT UNSIGNED NOT NULL,
  salt BINARY(16) NULL COMMENT 'not sealed: an erasure destroys it',
  before_hash BINARY(32) NULL,
  after_hash BINARY(32) NULL,
  detail TEXT NULL COMMENT 'JSON',
  PRIMARY KEY (event_id)
) ENGINE = InnoDB COMMENT = 'ecomdb: what happened to audited rows; rows are added only';

CREATE TABLE IF NOT EXISTS batch (
  batch_id INT UNSIGNED NOT NULL,
  statement MEDIUMBLOB NOT NULL COMMENT 'the signed checkpoint',
  leaves MEDIUMBLOB NOT NULL COMMENT 'the first 8 bytes of every leaf hash',
  PRIMARY KEY (batch_id)
) ENGINE = InnoDB COMMENT = 'ecomdb: sealed events; rows are added only';

DELIMITER //

-- @unless trigger event_is_not_changed
CREATE TRIGGER event_is_not_changed BEFORE UPDATE ON event FOR EACH ROW
IF COALESCE(@ecomdb_audit_task, '') <> 'erase' THEN
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ecomdb: events are added only';
END IF//

-- @unless trigger event_is_not_removed
CREATE TRIGGER event_is_not_removed BEFORE DELETE ON event FOR EACH ROW
IF COALESCE(@ecomdb_audit_task, '') <> 'prune' THEN
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ecomdb: events are added only';
END IF//

-- @unless trigger batch_is_not_changed
CREATE TRIGGER batch_is_not_changed BEFORE UPDATE ON batch FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ecomdb: batches are added only'//

-- @unless trigger batch_is_not_removed
CREATE TRIGGER batch_is_not_removed BEFORE DELETE ON batch FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ecomdb: batches are added only'//

DELIMITER ;
