-- Which grants were made without the word of an approver.

-- @unless column role_grant.break_glass
ALTER TABLE role_grant ADD COLUMN break_glass BOOLEAN NOT NULL DEFAULT FALSE
  COMMENT 'taken in an emergency: nobody approved it';
