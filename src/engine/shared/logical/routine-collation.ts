import type { ProgramEntry } from '#domain/backup/manifest'
import { blankQuotes, parseCreateTable } from '#domain/schema/create-table'
import type { Session, SqlRow } from '../../session.ts'

/** The values that MySQL lets default_collation_for_utf8mb4 have. */
const DEFAULTS = ['utf8mb4_0900_ai_ci', 'utf8mb4_general_ci']

interface TypeRow extends SqlRow {
  type: string
  name: string
  collation: string
  database_collation: string
}

/**
 * MySQL: routines with the collations that their parameters were given by the session that made them, and that no
 * text tells.
 */
export async function withOwnCollations(
  session: Session,
  schema: string,
  programs: readonly ProgramEntry[],
): Promise<ProgramEntry[]> {
  if (!session.flavor.atLeast('mysql', 8)) return [...programs]
  return await withDefaultCollation(
    session,
    schema,
    await withSessionDatabase(session, schema, programs),
  )
}

/** Parameters p, the value that a function returns among them, and the routine r of each. */
const OF_ROUTINES = `FROM information_schema.PARAMETERS p
       JOIN information_schema.ROUTINES r ON r.ROUTINE_SCHEMA = p.SPECIFIC_SCHEMA
        AND r.ROUTINE_NAME = p.SPECIFIC_NAME AND r.ROUTINE_TYPE = p.ROUTINE_TYPE`

function parametersOf<Row extends { type: string; name: string }>(
  { kind, name }: ProgramEntry,
  rows: readonly Row[],
): Row[] {
  return rows.filter(row => row.type.toLowerCase() === kind && row.name === name)
}

interface ParameterRow extends SqlRow {
  type: string
  name: string
  place: number
  collation: string
}

/**
 * A parameter without a character set has that of the session's database at that time, or of the server where
 * there was none: another one than the routine's own, where that was made as `database`.`name`.
 */
async function withSessionDatabase(
  session: Session,
  schema: string,
  programs: readonly ProgramEntry[],
): Promise<ProgramEntry[]> {
  const rows = await session.rows<ParameterRow>(
    `SELECT p.ROUTINE_TYPE AS type, p.SPECIFIC_NAME AS name, p.ORDINAL_POSITION AS place,
            p.COLLATION_NAME AS collation
       ${OF_ROUTINES}
      WHERE p.SPECIFIC_SCHEMA = ? AND p.ORDINAL_POSITION > 0
        AND p.COLLATION_NAME <> r.DATABASE_COLLATION`,
    [schema],
  )
  return programs.map(program => {
    const own = parametersOf(program, rows)
    if (own.length === 0) return program
    const unsaid = withoutCharacterSet(program.create)
    const found = own.find(({ place }) => unsaid.has(Number(place)))
    return found ? { ...program, sessionCollation: found.collation } : program
  })
}

/** Places of parameters, from 1, whose text names no character set; none where it cannot be told. */
function withoutCharacterSet(create: string): Set<number> {
  try {
    const { clauses } = parseCreateTable(create)
    const places = clauses.map((clause, at) => (SAID.test(blankQuotes(clause)) ? 0 : at + 1))
    return new Set(places.filter(place => place > 0))
  } catch (error) {
    // A comment with a quote or a bracket in it.
    if (error instanceof RangeError) return new Set()
    throw error
  }
}

const SAID = /\b(?:charset|char(?:acter)?\s+set|ascii|unicode|byte|nchar|nvarchar|national)\b/i

/**
 * With the default_collation_for_utf8mb4 that they were made under. The server keeps what it gave
 * each parameter (information_schema.PARAMETERS); the text that it prints has the character set alone.
 */
async function withDefaultCollation(
  session: Session,
  schema: string,
  programs: readonly ProgramEntry[],
): Promise<ProgramEntry[]> {
  const rows = await session.rows<TypeRow>(
    `SELECT p.ROUTINE_TYPE AS type, p.SPECIFIC_NAME AS name, p.COLLATION_NAME AS collation,
            r.DATABASE_COLLATION AS database_collation
       ${OF_ROUTINES}
      WHERE p.SPECIFIC_SCHEMA = ? AND p.COLLATION_NAME IN (?, ?)`,
    [schema, ...DEFAULTS],
  )
  return programs.map(program => {
    const own = parametersOf(program, rows)
    const utf8mb4Collation = impliedDefault(program.create, own)
    return utf8mb4Collation === undefined ? program : { ...program, utf8mb4Collation }
  })
}

/** utf8mb4 without a collation of its own */
const UNSAID = /\b(?:charset|character\s+set)\s+['"]?utf8mb4\b['"]?(?!\s+collate\b)/i

/**
 * Where parameters have both, one of them was named, or is the database's. One that names no character set has the
 * database's, and the collation of the two that the session has for it (9.7: whatever the database's own is).
 */
function impliedDefault(create: string, types: readonly TypeRow[]): string | undefined {
  const used = [...new Set(types.map(({ collation }) => collation))]
  const isNamed = (collation: string): boolean => create.toLowerCase().includes(collation)
  const unnamed = used.filter(collation => !isNamed(collation))
  if (unnamed.length === 1) return unnamed[0]
  if (!UNSAID.test(create)) return undefined
  return used.length < 2 ? used[0] : used.find(one => one !== types[0]?.database_collation)
}
