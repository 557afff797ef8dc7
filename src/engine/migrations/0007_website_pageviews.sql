-- Pages seen, each in one visit.

-- @unless table website_pageviews
CREATE TABLE website_pageviews (
  website_pageview_id BIGINT NOT NULL,
  created_at DATETIME NOT NULL,
  website_session_id BIGINT NOT NULL,
  pageview_url VARCHAR(1024) NOT NULL,
  PRIMARY KEY (website_pageview_id),
  KEY website_pageviews_created_at (created_at),
  KEY website_pageviews_session (website_session_id),
  CONSTRAINT website_pageviews_session FOREIGN KEY (website_session_id)
    REFERENCES website_sessions (website_session_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'ecomdb: pages seen, each in one visit';

-- @check pageviews that lack a value, or have a URL of more than 1024 characters
-- @when table website_pageviews
-- @unless own table website_pageviews
SELECT COUNT(*) FROM website_pageviews
WHERE created_at IS NULL OR created_at < '1000-01-01' OR website_session_id IS NULL
  OR pageview_url IS NULL OR CHAR_LENGTH(pageview_url) > 1024;

-- @check pageviews of a session that website_sessions does not have
-- @when table website_pageviews
-- @when table website_sessions
-- @unless own table website_pageviews
SELECT COUNT(*) FROM website_pageviews
LEFT JOIN website_sessions
  ON website_sessions.website_session_id = website_pageviews.website_session_id
WHERE website_sessions.website_session_id IS NULL;

-- @when table website_pageviews
-- @unless own table website_pageviews
ALTER TABLE website_pageviews {drop keys of website_pageviews}
  MODIFY COLUMN website_pageview_id BIGINT NOT NULL FIRST,
  MODIFY COLUMN created_at DATETIME NOT NULL AFTER website_pageview_id,
  MODIFY COLUMN website_session_id BIGINT NOT NULL AFTER created_at,
  MODIFY COLUMN pageview_url VARCHAR(1024) NOT NULL AFTER website_session_id,
  CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
  ADD KEY website_pageviews_created_at (created_at),
  ADD KEY website_pageviews_session (website_session_id),
  ADD CONSTRAINT website_pageviews_session FOREIGN KEY (website_session_id)
    REFERENCES website_sessions (website_session_id),
  ENGINE = InnoDB,
  COMMENT = 'ecomdb: pages seen, each in one visit';
