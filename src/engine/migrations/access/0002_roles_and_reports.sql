-- Roles are on record like accounts; what an auditor may read of all this.

ALTER TABLE account MODIFY kind
  ENUM('identity', 'session', 'service', 'application', 'adopted', 'role') NOT NULL;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW person_report AS
SELECT person, full_name, state, created_at, left_at FROM person;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW account_report AS
SELECT account_user, account_host, person, kind, created_at FROM account;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW operation_report AS
SELECT operation_id, at, actor, command, subject, detail FROM operation;
