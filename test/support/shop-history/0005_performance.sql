CREATE PROCEDURE order_performance(IN startDate DATE, IN endDate DATE)
SELECT COUNT(order_id) AS total_orders, SUM(price_usd) AS revenue
FROM orders
WHERE DATE(created_at) BETWEEN startDate AND endDate;
