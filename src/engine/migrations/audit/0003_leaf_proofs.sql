-- Of batches whose events retention has removed. A row that was changed makes the batch's signed root
-- fail, so no trigger guards it.

CREATE TABLE IF NOT EXISTS leaf_proof (
  batch_id INT UNSIGNED NOT NULL,
  hashes LONGBLOB NOT NULL COMMENT 'the leaf hashes of all its events, 32 bytes each; empty: none of them stays',
  removed_at DATETIME(6) NULL COMMENT 'UTC; NULL while its events are being removed',
  PRIMARY KEY (batch_id)
) ENGINE = InnoDB COMMENT = 'ecomdb: proofs of batches without all their events';
