-- Ends many sessions in one statement: two hundred round trips are slow on a busy server, and that
-- is when a leaver must not stay. It runs with the rights of who calls it.

DELIMITER $$

-- @unless procedure kill_sessions
CREATE PROCEDURE kill_sessions (IN ids LONGTEXT)
  SQL SECURITY INVOKER
  COMMENT 'ecomdb: ids of connections, separated by commas'
BEGIN
  DECLARE victim BIGINT;
  -- One that is gone already is no reason to stop.
  DECLARE CONTINUE HANDLER FOR 1094 BEGIN END;
  WHILE ids <> '' DO
    SET victim = SUBSTRING_INDEX(ids, ',', 1);
    SET ids = IF(LOCATE(',', ids) > 0, SUBSTRING(ids, LOCATE(',', ids) + 1), '');
    KILL victim;
  END WHILE;
END$$
