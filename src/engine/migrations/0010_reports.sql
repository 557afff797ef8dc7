-- What staff may see: views and procedures, run with the rights of a locked account. A
-- range of days is half-open, so that it is a range of the index.

-- @unless own view monthly_sessions
CREATE OR REPLACE DEFINER = `ecomdb_definer`@`localhost` SQL SECURITY DEFINER VIEW monthly_sessions AS
SELECT YEAR(created_at) AS `year`, MONTH(created_at) AS `month`, utm_source, utm_campaign,
  COUNT(*) AS number_of_sessions
FROM website_sessions
GROUP BY YEAR(created_at), MONTH(created_at), utm_source, utm_campaign;

-- @unless own view monthly_volume
CREATE OR REPLACE DEFINER = `ecomdb_definer`@`localhost` SQL SECURITY DEFINER VIEW monthly_volume AS
SELECT YEAR(created_at) AS `year`, MONTH(created_at) AS `month`, COUNT(*) AS total_orders,
  SUM(price_usd) AS total_revenue
FROM orders
GROUP BY YEAR(created_at), MONTH(created_at);

-- @unless own view monthly_website_traffic
CREATE OR REPLACE DEFINER = `ecomdb_definer`@`localhost` SQL SECURITY DEFINER VIEW monthly_website_traffic AS
SELECT YEAR(created_at) AS `year`, MONTH(created_at) AS `month`, COUNT(*) AS total_traffic
FROM website_sessions
GROUP BY YEAR(created_at), MONTH(created_at);

-- MySQL cannot replace a procedure in one statement, and with it go the grants on it: they
-- are written down first, and made again.
-- @when procedure order_performance
-- @unless own procedure order_performance
INSERT INTO ecomdb_set_aside (table_name, row_key, reason, row_content, set_aside_at)
SELECT 'mysql.procs_priv', LEFT(SHA2(CONCAT_WS(' ', Routine_name, User, Host), 256), 64),
  'to be granted again',
  JSON_OBJECT('procedure', 'order_performance', 'user', User, 'host', Host), UTC_TIMESTAMP(6)
FROM mysql.procs_priv
WHERE Db = DATABASE() AND Routine_name = 'order_performance' AND Routine_type = 'PROCEDURE'
  AND FIND_IN_SET('Execute', Proc_priv) > 0
ON DUPLICATE KEY UPDATE row_key = ecomdb_set_aside.row_key;

-- @when procedure order_performance
-- @unless own procedure order_performance
DROP PROCEDURE order_performance;

-- @unless own procedure order_performance
CREATE DEFINER = `ecomdb_definer`@`localhost` PROCEDURE order_performance(
  IN start_date DATE, IN end_date DATE
)
  READS SQL DATA SQL SECURITY DEFINER
  COMMENT 'orders and revenue of days, both inclusive'
SELECT COUNT(*) AS total_orders, COALESCE(SUM(price_usd), 0.00) AS revenue
FROM orders
WHERE created_at >= start_date AND created_at < end_date + INTERVAL 1 DAY;

-- @when procedure chats_handled
-- @unless own procedure chats_handled
INSERT INTO ecomdb_set_aside (table_name, row_key, reason, row_content, set_aside_at)
SELECT 'mysql.procs_priv', LEFT(SHA2(CONCAT_WS(' ', Routine_name, User, Host), 256), 64),
  'to be granted again',
  JSON_OBJECT('procedure', 'chats_handled', 'user', User, 'host', Host), UTC_TIMESTAMP(6)
FROM mysql.procs_priv
WHERE Db = DATABASE() AND Routine_name = 'chats_handled' AND Routine_type = 'PROCEDURE'
  AND FIND_IN_SET('Execute', Proc_priv) > 0
ON DUPLICATE KEY UPDATE row_key = ecomdb_set_aside.row_key;

-- @when procedure chats_handled
-- @unless own procedure chats_handled
DROP PROCEDURE chats_handled;

-- @unless own procedure chats_handled
CREATE DEFINER = `ecomdb_definer`@`localhost` PROCEDURE chats_handled(
  IN representative_id BIGINT, IN start_date DATE, IN end_date DATE
)
  READS SQL DATA SQL SECURITY DEFINER
  COMMENT 'chats begun on days, both inclusive; NULL: a row for every representative'
SELECT support_members.support_member_id AS representative_id,
  CONCAT_WS(' ', support_members.first_name, support_members.last_name) AS representative_name,
  COUNT(chat_sessions.chat_session_id) AS total_chats
FROM support_members
LEFT JOIN chat_sessions ON chat_sessions.support_member_id = support_members.support_member_id
  AND chat_sessions.created_at >= start_date
  AND chat_sessions.created_at < end_date + INTERVAL 1 DAY
WHERE representative_id IS NULL OR support_members.support_member_id = representative_id
GROUP BY support_members.support_member_id, support_members.first_name, support_members.last_name
ORDER BY support_members.support_member_id;

-- @for each grantee of order_performance
GRANT EXECUTE ON PROCEDURE order_performance TO {grantee};

-- @for each grantee of chats_handled
GRANT EXECUTE ON PROCEDURE chats_handled TO {grantee};

-- @when table order_items
DELETE FROM ecomdb_set_aside WHERE table_name = 'mysql.procs_priv';
