import type { Session } from '../session.ts'

/** See LogicalReader.place. */
export async function serverPlace(session: Session): Promise<string> {
  return (await session.value("SELECT CONCAT_WS('\\n', @@hostname, @@datadir)")) ?? ''
}
