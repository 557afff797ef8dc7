-- Visits. The shop's first table called the flag is_repeated_session; the exports say
-- is_repeat_session, and so does this.

-- @unless table website_sessions
CREATE TABLE website_sessions (
  website_session_id BIGINT NOT NULL,
  created_at DATETIME NOT NULL,
  user_id BIGINT NOT NULL,
  is_repeat_session TINYINT NOT NULL,
  utm_source VARCHAR(64) NULL,
  utm_campaign VARCHAR(64) NULL,
  utm_content VARCHAR(64) NULL,
  device_type VARCHAR(32) NULL,
  http_referer VARCHAR(1024) NULL,
  PRIMARY KEY (website_session_id),
  KEY website_sessions_created_at (created_at, utm_source, utm_campaign),
  KEY website_sessions_user_id (user_id),
  CONSTRAINT website_sessions_repeat_flag CHECK (is_repeat_session IN (0, 1))
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'ecomdb: visits to the web shop';

-- @check sessions that lack a value, or have one that is too long
-- @when table website_sessions
-- @unless own table website_sessions
SELECT COUNT(*) FROM website_sessions
WHERE created_at IS NULL OR created_at < '1000-01-01' OR user_id IS NULL
  OR CHAR_LENGTH(utm_source) > 64 OR CHAR_LENGTH(utm_campaign) > 64
  OR CHAR_LENGTH(utm_content) > 64 OR CHAR_LENGTH(device_type) > 32
  OR CHAR_LENGTH(http_referer) > 1024;

-- @check sessions of which is_repeated_session is neither 0 nor 1
-- @when column website_sessions.is_repeated_session
SELECT COUNT(*) FROM website_sessions
WHERE is_repeated_session IS NULL OR is_repeated_session NOT IN (0, 1);

-- @check sessions of which is_repeat_session is neither 0 nor 1
-- @when column website_sessions.is_repeat_session
-- @unless own table website_sessions
SELECT COUNT(*) FROM website_sessions
WHERE is_repeat_session IS NULL OR is_repeat_session NOT IN (0, 1);

-- @when column website_sessions.is_repeated_session
ALTER TABLE website_sessions
  CHANGE COLUMN is_repeated_session is_repeat_session TINYINT NOT NULL AFTER user_id;

-- @when table website_sessions
-- @unless own table website_sessions
ALTER TABLE website_sessions {drop keys of website_sessions}
  MODIFY COLUMN website_session_id BIGINT NOT NULL FIRST,
  MODIFY COLUMN created_at DATETIME NOT NULL AFTER website_session_id,
  MODIFY COLUMN user_id BIGINT NOT NULL AFTER created_at,
  MODIFY COLUMN is_repeat_session TINYINT NOT NULL AFTER user_id,
  MODIFY COLUMN utm_source VARCHAR(64) NULL AFTER is_repeat_session,
  MODIFY COLUMN utm_campaign VARCHAR(64) NULL AFTER utm_source,
  MODIFY COLUMN utm_content VARCHAR(64) NULL AFTER utm_campaign,
  MODIFY COLUMN device_type VARCHAR(32) NULL AFTER utm_content,
  MODIFY COLUMN http_referer VARCHAR(1024) NULL AFTER device_type,
  CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
  ADD KEY website_sessions_created_at (created_at, utm_source, utm_campaign),
  ADD KEY website_sessions_user_id (user_id),
  ADD CONSTRAINT website_sessions_repeat_flag CHECK (is_repeat_session IN (0, 1)),
  ENGINE = InnoDB,
  COMMENT = 'ecomdb: visits to the web shop';
