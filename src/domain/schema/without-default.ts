import { type CreateTable, identifiersIn, keywordsOf } from './create-table.ts'

/**
 * Columns that may be NULL and have no default, not even NULL: of ALTER COLUMN … DROP DEFAULT (MySQL), and of a table
 * that was made of information_schema's. An INSERT that leaves one out is an error (1364). Both servers print them
 * without a DEFAULT, and give one of NULL to a table that is made from that text (9.7 and 10.11, measured).
 *
 * @returns their names; of MySQL's definitions none of the types that have no literal default, of which it prints none
 */
export function columnsWithoutDefault({ clauses }: CreateTable): string[] {
  return clauses.filter(lacksDefault).flatMap(clause => identifiersIn(clause)[0] ?? [])
}

function lacksDefault(clause: string): boolean {
  const words = keywordsOf(clause)
  return clause.startsWith('`') && !HAS_ONE.test(words) && !NEVER_PRINTED.test(words)
}

const HAS_ONE = / (?:NOT NULL|DEFAULT|GENERATED|AS|AUTO_INCREMENT)\b/

const NEVER_PRINTED =
  /^ *(?:\w*text|\w*blob|json|geometry|(?:multi)?(?:point|linestring|polygon)|geom(?:etry)?collection|vector)\b/
