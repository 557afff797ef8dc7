import { type CreateTable, keywordsOf, parseCreateTable } from './create-table.ts'
import { withoutImpliedCharacterSets } from './inherited-collation.ts'
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
          ? tableDifferences(
              withoutImpliedCharacterSets(expected.definition),
              withoutImpliedCharacterSets(actual.definition),
            )
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

/** By clause. The order of the columns counts; that of the keys says nothing, and a restore changes it. */
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
  if (differences.length > 0 || columnsOf(before).join() === columnsOf(after).join()) {
    return differences
  }
  return ['its columns are in another order']
}

function columnsOf({ clauses }: CreateTable): string[] {
  return clauses.filter(clause => clause.startsWith('`'))
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
  const [left = '', right = ''] = [before[line], after[line]]
  const same = [...left].findIndex((character, place) => character !== right[place])
  // A view is one long line: what matters is where the two part.
  const from = Math.max(0, (same < 0 ? left.length : same) - 20)
  return `line ${line + 1}: expected ${excerpt(left, from)}, found ${excerpt(right, from)}`
}

const EXCERPT_LENGTH = 120

function excerpt(line: string, from: number): string {
  const text = line.slice(from, from + EXCERPT_LENGTH)
  const more = from + EXCERPT_LENGTH < line.length ? '…' : ''
  return text === '' ? 'nothing' : `"${from > 0 ? '…' : ''}${text}${more}"`
}
