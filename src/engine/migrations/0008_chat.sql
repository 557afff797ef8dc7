-- Support chat: who talked with whom, and what was said. A message is by a user or by a
-- support member: exactly one of them. No foreign key cascades: history is not deleted by
-- deleting a person. message_text is NULL in messages of before it was kept.

-- @unless table users
CREATE TABLE users (
  user_id BIGINT NOT NULL AUTO_INCREMENT,
  created_at DATETIME NOT NULL,
  first_name VARCHAR(50) NULL,
  last_name VARCHAR(50) NULL,
  PRIMARY KEY (user_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'ecomdb: customers who chatted';

-- @unless table support_members
CREATE TABLE support_members (
  support_member_id BIGINT NOT NULL AUTO_INCREMENT,
  created_at DATETIME NOT NULL,
  first_name VARCHAR(50) NULL,
  last_name VARCHAR(50) NULL,
  PRIMARY KEY (support_member_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'ecomdb: support representatives';

-- @unless table chat_sessions
CREATE TABLE chat_sessions (
  chat_session_id BIGINT NOT NULL AUTO_INCREMENT,
  created_at DATETIME NOT NULL,
  chat_end_at DATETIME NULL COMMENT 'NULL while it goes on',
  user_id BIGINT NOT NULL,
  support_member_id BIGINT NULL COMMENT 'NULL until somebody takes it',
  website_session_id BIGINT NULL,
  PRIMARY KEY (chat_session_id),
  KEY chat_sessions_created_at (created_at),
  KEY chat_sessions_user (user_id),
  KEY chat_sessions_support_member (support_member_id, created_at),
  KEY chat_sessions_website_session (website_session_id),
  CONSTRAINT chat_sessions_user FOREIGN KEY (user_id) REFERENCES users (user_id),
  CONSTRAINT chat_sessions_support_member FOREIGN KEY (support_member_id)
    REFERENCES support_members (support_member_id),
  CONSTRAINT chat_sessions_website_session FOREIGN KEY (website_session_id)
    REFERENCES website_sessions (website_session_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'ecomdb: chats between a customer and support';

-- @unless table chat_messages
CREATE TABLE chat_messages (
  chat_message_id BIGINT NOT NULL AUTO_INCREMENT,
  created_at DATETIME NOT NULL,
  chat_session_id BIGINT NOT NULL,
  user_id BIGINT NULL,
  support_member_id BIGINT NULL,
  message_text TEXT NULL,
  PRIMARY KEY (chat_message_id),
  KEY chat_messages_session (chat_session_id, created_at),
  KEY chat_messages_user (user_id),
  KEY chat_messages_support_member (support_member_id, created_at),
  CONSTRAINT chat_messages_session FOREIGN KEY (chat_session_id)
    REFERENCES chat_sessions (chat_session_id),
  CONSTRAINT chat_messages_user FOREIGN KEY (user_id) REFERENCES users (user_id),
  CONSTRAINT chat_messages_support_member FOREIGN KEY (support_member_id)
    REFERENCES support_members (support_member_id),
  CONSTRAINT chat_messages_one_author CHECK ((user_id IS NULL) <> (support_member_id IS NULL))
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_ci
  COMMENT = 'ecomdb: what was said in chats';

-- @check users without a date, or with a name of more than 50 characters
-- @when table users
-- @unless own table users
SELECT COUNT(*) FROM users
WHERE created_at IS NULL OR created_at < '1000-01-01' OR CHAR_LENGTH(first_name) > 50
  OR CHAR_LENGTH(last_name) > 50;

-- @check support members without a date, or with a name of more than 50 characters
-- @when table support_members
-- @unless own table support_members
SELECT COUNT(*) FROM support_members
WHERE created_at IS NULL OR created_at < '1000-01-01' OR CHAR_LENGTH(first_name) > 50
  OR CHAR_LENGTH(last_name) > 50;

-- @check chat sessions that lack a value
-- @when table chat_sessions
-- @unless own table chat_sessions
SELECT COUNT(*) FROM chat_sessions
WHERE created_at IS NULL OR created_at < '1000-01-01' OR user_id IS NULL
  OR chat_end_at < '1000-01-01';

-- @check chat sessions of a user, support member or website session that is not there
-- @when table chat_sessions
-- @when table users
-- @when table support_members
-- @when table website_sessions
-- @unless own table chat_sessions
SELECT COUNT(*) FROM chat_sessions
LEFT JOIN users ON users.user_id = chat_sessions.user_id
LEFT JOIN support_members ON support_members.support_member_id = chat_sessions.support_member_id
LEFT JOIN website_sessions
  ON website_sessions.website_session_id = chat_sessions.website_session_id
WHERE users.user_id IS NULL
  OR (chat_sessions.support_member_id IS NOT NULL AND support_members.support_member_id IS NULL)
  OR (chat_sessions.website_session_id IS NOT NULL AND website_sessions.website_session_id IS NULL);

-- @check chat messages that lack a value
-- @when table chat_messages
-- @unless own table chat_messages
SELECT COUNT(*) FROM chat_messages
WHERE chat_message_id IS NULL OR created_at IS NULL OR created_at < '1000-01-01'
  OR chat_session_id IS NULL;

-- @check chat messages of which the id is not unique
-- @when table chat_messages
-- @unless own table chat_messages
SELECT COUNT(*) - COUNT(DISTINCT chat_message_id) FROM chat_messages;

-- @check chat messages of both a user and a support member, or of neither
-- @when table chat_messages
-- @unless own table chat_messages
SELECT COUNT(*) FROM chat_messages WHERE (user_id IS NULL) = (support_member_id IS NULL);

-- @check chat messages of a chat, user or support member that is not there
-- @when table chat_messages
-- @when table chat_sessions
-- @when table users
-- @when table support_members
-- @unless own table chat_messages
SELECT COUNT(*) FROM chat_messages
LEFT JOIN chat_sessions ON chat_sessions.chat_session_id = chat_messages.chat_session_id
LEFT JOIN users ON users.user_id = chat_messages.user_id
LEFT JOIN support_members ON support_members.support_member_id = chat_messages.support_member_id
WHERE chat_sessions.chat_session_id IS NULL
  OR (chat_messages.user_id IS NOT NULL AND users.user_id IS NULL)
  OR (chat_messages.support_member_id IS NOT NULL AND support_members.support_member_id IS NULL);

-- The children first: a foreign key to a column keeps it from being changed.
-- @when table chat_messages
-- @unless own table chat_messages
ALTER TABLE chat_messages {drop keys of chat_messages} COMMENT = '';

-- @when table chat_sessions
-- @unless own table chat_sessions
ALTER TABLE chat_sessions {drop keys of chat_sessions} COMMENT = '';

-- @when table users
-- @unless own table users
ALTER TABLE users {drop keys of users}
  MODIFY COLUMN user_id BIGINT NOT NULL AUTO_INCREMENT FIRST,
  MODIFY COLUMN created_at DATETIME NOT NULL AFTER user_id,
  MODIFY COLUMN first_name VARCHAR(50) NULL AFTER created_at,
  MODIFY COLUMN last_name VARCHAR(50) NULL AFTER first_name,
  CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
  ENGINE = InnoDB,
  COMMENT = 'ecomdb: customers who chatted';

-- @when table support_members
-- @unless own table support_members
ALTER TABLE support_members {drop keys of support_members}
  MODIFY COLUMN support_member_id BIGINT NOT NULL AUTO_INCREMENT FIRST,
  MODIFY COLUMN created_at DATETIME NOT NULL AFTER support_member_id,
  MODIFY COLUMN first_name VARCHAR(50) NULL AFTER created_at,
  MODIFY COLUMN last_name VARCHAR(50) NULL AFTER first_name,
  CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
  ENGINE = InnoDB,
  COMMENT = 'ecomdb: support representatives';

-- @when table chat_sessions
-- @unless own table chat_sessions
ALTER TABLE chat_sessions
  MODIFY COLUMN chat_session_id BIGINT NOT NULL AUTO_INCREMENT FIRST,
  MODIFY COLUMN created_at DATETIME NOT NULL AFTER chat_session_id,
  MODIFY COLUMN chat_end_at DATETIME NULL COMMENT 'NULL while it goes on' AFTER created_at,
  MODIFY COLUMN user_id BIGINT NOT NULL AFTER chat_end_at,
  MODIFY COLUMN support_member_id BIGINT NULL COMMENT 'NULL until somebody takes it' AFTER user_id,
  MODIFY COLUMN website_session_id BIGINT NULL AFTER support_member_id,
  CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
  ADD KEY chat_sessions_created_at (created_at),
  ADD KEY chat_sessions_user (user_id),
  ADD KEY chat_sessions_support_member (support_member_id, created_at),
  ADD KEY chat_sessions_website_session (website_session_id),
  ADD CONSTRAINT chat_sessions_user FOREIGN KEY (user_id) REFERENCES users (user_id),
  ADD CONSTRAINT chat_sessions_support_member FOREIGN KEY (support_member_id)
    REFERENCES support_members (support_member_id),
  ADD CONSTRAINT chat_sessions_website_session FOREIGN KEY (website_session_id)
    REFERENCES website_sessions (website_session_id),
  ENGINE = InnoDB,
  COMMENT = 'ecomdb: chats between a customer and support';

-- @when table chat_messages
-- @unless column chat_messages.message_text
ALTER TABLE chat_messages ADD COLUMN message_text TEXT NULL;

-- @when table chat_messages
-- @unless primary key of chat_messages
ALTER TABLE chat_messages ADD PRIMARY KEY (chat_message_id);

-- CONVERT TO would make a MEDIUMTEXT of the TEXT; a modified column takes the default anyway.
-- @when table chat_messages
-- @unless own table chat_messages
ALTER TABLE chat_messages
  MODIFY COLUMN chat_message_id BIGINT NOT NULL AUTO_INCREMENT FIRST,
  MODIFY COLUMN created_at DATETIME NOT NULL AFTER chat_message_id,
  MODIFY COLUMN chat_session_id BIGINT NOT NULL AFTER created_at,
  MODIFY COLUMN user_id BIGINT NULL AFTER chat_session_id,
  MODIFY COLUMN support_member_id BIGINT NULL AFTER user_id,
  MODIFY COLUMN message_text TEXT NULL AFTER support_member_id,
  DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_ci,
  ADD KEY chat_messages_session (chat_session_id, created_at),
  ADD KEY chat_messages_user (user_id),
  ADD KEY chat_messages_support_member (support_member_id, created_at),
  ADD CONSTRAINT chat_messages_session FOREIGN KEY (chat_session_id)
    REFERENCES chat_sessions (chat_session_id),
  ADD CONSTRAINT chat_messages_user FOREIGN KEY (user_id) REFERENCES users (user_id),
  ADD CONSTRAINT chat_messages_support_member FOREIGN KEY (support_member_id)
    REFERENCES support_members (support_member_id),
  ADD CONSTRAINT chat_messages_one_author CHECK ((user_id IS NULL) <> (support_member_id IS NULL)),
  ENGINE = InnoDB,
  COMMENT = 'ecomdb: what was said in chats';
