CREATE TABLE users (
  user_id BIGINT,
  created_at DATETIME,
  first_name VARCHAR(50),
  last_name VARCHAR(50),
  PRIMARY KEY (user_id)
);

CREATE TABLE support_members (
  support_member_id BIGINT,
  created_at DATETIME,
  first_name VARCHAR(50),
  last_name VARCHAR(50),
  PRIMARY KEY (support_member_id)
);

CREATE TABLE chat_sessions (
  chat_session_id BIGINT,
  created_at DATETIME,
  chat_end_at DATETIME,
  user_id BIGINT,
  support_member_id BIGINT,
  website_session_id BIGINT,
  PRIMARY KEY (chat_session_id),
  FOREIGN KEY (user_id) REFERENCES users (user_id),
  FOREIGN KEY (support_member_id) REFERENCES support_members (support_member_id),
  FOREIGN KEY (website_session_id) REFERENCES website_sessions (website_session_id)
);

CREATE TABLE chat_messages (
  chat_message_id BIGINT,
  created_at DATETIME,
  chat_session_id BIGINT,
  user_id BIGINT,
  support_member_id BIGINT,
  FOREIGN KEY (chat_session_id) REFERENCES chat_sessions (chat_session_id),
  FOREIGN KEY (user_id) REFERENCES users (user_id),
  FOREIGN KEY (support_member_id) REFERENCES support_members (support_member_id)
);

INSERT INTO users VALUES (0, '2014-02-01 00:00:00', 'Zero', 'Id'), (1, '2014-02-01 00:00:01', 'José', 'Núñez');

INSERT INTO support_members VALUES (1, '2014-01-15 08:00:00', 'Ann', 'Lee'), (2, '2014-01-15 08:00:00', 'Bo', 'Ek');

INSERT INTO chat_sessions VALUES
  (1, '2014-02-01 00:08:00', '2014-02-01 00:20:00', 1, 1, 175254),
  (2, '2014-02-02 23:59:59', NULL, 0, 2, 175252);

INSERT INTO chat_messages VALUES
  (2, '2014-02-01 00:09:00', 1, NULL, 1),
  (1, '2014-02-01 00:08:05', 1, 1, NULL),
  (3, '2014-02-02 23:59:59', 2, 0, NULL);
