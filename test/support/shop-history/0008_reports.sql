CREATE PROCEDURE chats_handled(IN support_member BIGINT, IN startDate DATE, IN endDate DATE)
SELECT COUNT(chat_session_id) AS total_chats
FROM chat_sessions
WHERE support_member_id = support_member AND DATE(created_at) BETWEEN startDate AND endDate;

CREATE VIEW monthly_volume AS
SELECT YEAR(created_at) AS year, MONTH(created_at) AS month, COUNT(order_id) AS total_orders,
  SUM(price_usd) AS total_revenue
FROM orders
GROUP BY 1, 2
ORDER BY 1, 2;

CREATE VIEW monthly_website_traffic AS
SELECT YEAR(created_at) AS year, MONTH(created_at) AS month, COUNT(website_session_id) AS total_traffic
FROM website_sessions
GROUP BY 1, 2;
