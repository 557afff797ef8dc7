-- What the sealer saw last of the rights of accounts and of refused logins, so that it can write
-- down what changed. It proves nothing: the digest of all rights is signed with every batch.

CREATE TABLE IF NOT EXISTS seen (
  name VARCHAR(400) NOT NULL COMMENT 'account alice@%, or logins',
  content LONGTEXT NOT NULL COMMENT 'JSON',
  PRIMARY KEY (name)
) ENGINE = InnoDB COMMENT = 'ecomdb: what the sealer saw last';
