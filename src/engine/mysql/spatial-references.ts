import type { SpatialReferenceEntry } from '#domain/backup/manifest'
import { quoteString } from '../quote.ts'
import type { Session, SqlRow } from '../session.ts'

/**
 * Spatial reference systems of the server's owner. Which of the others the server brought with
 * it, it does not say: these have numbers that are reserved for EPSG and for MySQL (reference
 * manual, "CREATE SPATIAL REFERENCE SYSTEM").
 */
export async function readSpatialReferences(session: Session): Promise<SpatialReferenceEntry[]> {
  const rows = await session.rows<SqlRow>(
    `SELECT SRS_NAME AS name, SRS_ID AS id, ORGANIZATION AS organization,
            ORGANIZATION_COORDSYS_ID AS organization_id, DEFINITION AS definition,
            DESCRIPTION AS description
       FROM information_schema.ST_SPATIAL_REFERENCE_SYSTEMS
      WHERE SRS_ID > 32767 AND SRS_ID NOT BETWEEN 60000000 AND 69999999
        AND SRS_ID NOT BETWEEN 2000000000 AND 2147483647
      ORDER BY SRS_ID`,
  )
  return rows.map(({ id, name, organization, organization_id, definition, description }) => ({
    id: Number(id),
    create: [
      `CREATE SPATIAL REFERENCE SYSTEM IF NOT EXISTS ${id} NAME ${quoteString(String(name))}`,
      ...(organization === null || organization === undefined
        ? []
        : [`ORGANIZATION ${quoteString(String(organization))} IDENTIFIED BY ${organization_id}`]),
      `DEFINITION ${quoteString(String(definition))}`,
      ...(description ? [`DESCRIPTION ${quoteString(String(description))}`] : []),
    ].join(' '),
  }))
}
