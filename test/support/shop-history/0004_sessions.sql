CREATE TABLE website_sessions (
  website_session_id BIGINT,
  created_at DATETIME,
  user_id BIGINT,
  is_repeated_session INT,
  utm_source VARCHAR(12),
  utm_campaign VARCHAR(20),
  utm_content VARCHAR(15),
  device_type VARCHAR(15),
  http_referer VARCHAR(30),
  PRIMARY KEY (website_session_id)
);

INSERT INTO website_sessions VALUES
  (175252, '2014-01-01 00:00:09', 152826, 0, 'gsearch', 'nonbrand', 'g_ad_1', 'desktop', 'https://www.gsearch.com'),
  (175253, '2014-01-01 00:03:26', 152827, 1, NULL, NULL, NULL, 'desktop', NULL),
  (175254, '2014-02-01 00:07:16', 164950, 0, 'bsearch', 'nonbrand', 'b_ad_1', 'mobile', 'https://www.bücher.example');

CREATE VIEW monthly_sessions AS
SELECT YEAR(created_at) AS year, MONTH(created_at) AS month, utm_source, utm_campaign,
  COUNT(website_session_id) AS number_of_sessions
FROM website_sessions
GROUP BY 1, 2, 3, 4;
