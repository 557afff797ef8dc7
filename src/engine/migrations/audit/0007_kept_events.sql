-- Which events of a batch retention has left. Checkpoints sign a root over all of these lists, since
-- the hashes of leaf_proof say what an event was, and not that it stayed: where none stays they are
-- empty, and no root is made with them.

CREATE TABLE IF NOT EXISTS kept_event (
  batch_id INT UNSIGNED NOT NULL,
  ids LONGTEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'of those that stay: 17,30-31',
  PRIMARY KEY (batch_id)
) ENGINE = InnoDB COMMENT = 'ecomdb: what retention has left of a batch';
