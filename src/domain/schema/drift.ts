import { keywordsOf, parseCreateTable } from './create-table.ts'
import { findObject, type SchemaObject } from './live-schema.ts'
import type { Migration } from './migration.ts'
import type { JournalEntry } from './provision-plan.ts'
import type { Finding } from './shop-shape.ts'

/** An object as it was when the migrations were done. */
export type RecordedObject = Pick<SchemaObject, 'kind' | 'name' | 'definition'>

/**
 * Migration files that are not those that ran here. An applied migration is never edited: a
 * change is a new one.
 */
export function migrationDrift(
  migrations: readonly Migration[],
  journal: readonly JournalEntry[],
): Finding[] {
  return journal.flatMap(entry => {
    const object = `migration ${entry.version} ${entry.name}`
    const file = migrations.find(migration => migration.version === entry.version)
    if (!file) {
      return [
        {
          object,
          difference: `it ran here, by ${entry.toolVersion}, and this ecomdb does not have it`,
          hint: 'use the ecomdb that made this schema, or a newer one',
        },
      ]
    }
    if (file.checksum === entry.checksum) return []
    return [
      {
        object,
        difference: `its file was edited after it ran here: SHA-256 ${file.checksum.slice(0, 12)}…, and ${entry.checksum.slice(0, 12)}… ran`,
        hint: 'install ecomdb anew to get the file back; a change is a new migration',
      },
    ]
  })
}

/** What is there and what is recorded, compared. Counters and other people's objects do not count. */
export function objectDrift(
  recorded: readonly RecordedObject[],
  live: readonly SchemaObject[],
): Finding[] {
  return [
    ...recorded.flatMap((expected): Finding[] => {
      const object = `${expected.kind} ${expected.name}`
      const actual = findObject(live, expected.kind, expected.name)
      if (!actual) {
        return [{ object, difference: 'it is gone', hint: 'bring it back from the newest backup' }]
      }
      if (actual.definition === expected.definition) return []
      const differences =
        expected.kind === 'table'
          ? tableDifferences(expected.definition, actual.definition)
          : [lineDifference(expected.definition, actual.definition)]
      return differences.map(difference => ({ object, difference, hint: null }))
    }),
    ...live
      .filter(object => !findObject(recorded, object.kind, object.name))
      .map(object => ({
        object: `${object.kind} ${object.name}`,
        difference: `it is not from the migrations${object.table ? `, and runs on ${object.table}` : ''}`,
        hint: null,
      })),
  ]
}

/** By clause: "column price_usd: expected …, found …". */
function tableDifferences(expected: string, actual: string): string[] {
  const [before, after] = [parseCreateTable(expected), parseCreateTable(actual)]
  const gone = before.clauses.filter(clause => !after.clauses.includes(clause))
  const added = after.clauses.filter(clause => !before.clauses.includes(clause))
  const differences = gone.map(clause => {
    const other = added.find(candidate => subjectOf(candidate) === subjectOf(clause))
    return other ? `expected ${clause}, found ${other}` : `${clause} is missing`
  })
  const named = new Set(gone.map(subjectOf))
  for (const clause of added) {
    if (!named.has(subjectOf(clause))) differences.push(`${clause} is not from the migrations`)
  }
  if (before.tail !== after.tail) {
    differences.push(`expected ${before.tail.slice(2)}, found ${after.tail.slice(2)}`)
  }
  return differences.length > 0 ? differences : ['its columns or keys are in another order']
}

/** What a clause is about: its keywords up to the name, and the name. */
function subjectOf(clause: string): string {
  const keyword = keywordsOf(clause).trim().split(/[\s(]/, 1)[0] ?? ''
  const name = /`((?:[^`]|``)*)`/.exec(clause)?.[1] ?? ''
  return clause.startsWith('`') ? `column ${name}` : `${keyword} ${name}`
}

function lineDifference(expected: string, actual: string): string {
  const [before, after] = [expected.split('\n'), actual.split('\n')]
  const at = before.findIndex((line, number) => line !== after[number])
  const line = at < 0 ? before.length : at
  return `line ${line + 1}: expected ${quoted(before[line])}, found ${quoted(after[line])}`
}

function quoted(line: string | undefined): string {
  return line === undefined ? 'nothing' : `"${line.trim().slice(0, 160)}"`
}
