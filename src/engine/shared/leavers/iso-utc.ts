/** A DATETIME(6) that is kept in UTC, as ISO 8601 to the millisecond. */
export function isoUtc(text: string): string {
  return new Date(`${text.replace(' ', 'T')}Z`).toISOString()
}

/** The other way round, for a bound value. */
export function sqlUtc(moment: Date): string {
  return moment.toISOString().replace('T', ' ').replace('Z', '')
}
