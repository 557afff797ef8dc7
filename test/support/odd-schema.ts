import type { Session } from '#engine/session'

/** A schema with every kind of key and with names that a picture can stumble over. */
export const ODD_TABLE = 'odd "a\\" <b>&amp; `c`'

export async function makeOddSchema(session: Session, database: string): Promise<void> {
  const odd = `\`${ODD_TABLE.replaceAll('`', '``')}\``
  const statements = [
    `CREATE TABLE people (
       person_id BIGINT PRIMARY KEY AUTO_INCREMENT,
       email VARCHAR(190) NOT NULL,
       first_name VARCHAR(50), last_name VARCHAR(50),
       initials VARCHAR(2) GENERATED ALWAYS AS (CONCAT(LEFT(first_name, 1), LEFT(last_name, 1))) STORED,
       UNIQUE KEY by_email (email), KEY by_name (last_name, first_name))`,
    `CREATE TABLE ${odd} (
       \`n\` INT NOT NULL, \`e:w\` INT NOT NULL, \`line\nbreak\` INT,
       \`<i>"&\\\` ENUM('first of a long list', 'second of a long list', 'third') NOT NULL,
       PRIMARY KEY (\`n\`, \`e:w\`), UNIQUE KEY both_of_them (\`line\nbreak\`, \`n\`))`,
    `CREATE TABLE badges (
       person_id BIGINT PRIMARY KEY,
       n INT, e INT,
       sponsor_id BIGINT,
       CONSTRAINT one_badge FOREIGN KEY (person_id) REFERENCES people (person_id) ON DELETE CASCADE,
       CONSTRAINT of_two FOREIGN KEY (n, e) REFERENCES ${odd} (\`n\`, \`e:w\`) ON DELETE SET NULL,
       CONSTRAINT sponsor FOREIGN KEY (sponsor_id) REFERENCES people (person_id))`,
    'CREATE VIEW badge_names AS SELECT p.email, b.n FROM people p JOIN badges b ON b.person_id = p.person_id',
    'CREATE VIEW view_of_view AS SELECT COUNT(*) AS badges FROM badge_names',
  ]
  await session.run(`USE \`${database}\``)
  for (const statement of statements) await session.run(statement)
}
