CREATE TABLE website_pageviews (
  website_pageview_id BIGINT,
  created_at DATETIME,
  website_session_id BIGINT,
  pageview_url VARCHAR(50),
  PRIMARY KEY (website_pageview_id),
  FOREIGN KEY (website_session_id) REFERENCES website_sessions (website_session_id)
);

INSERT INTO website_pageviews VALUES
  (451521, '2014-02-01 00:01:08', 175252, '/the-forever-love-bear'),
  (451522, '2014-02-01 00:03:21', 175252, '/cart'),
  (451523, '2014-02-01 00:07:16', 175254, '/home');
