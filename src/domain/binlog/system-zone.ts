/**
 * Are two values of system_time_zone of one zone? A server keeps the name that was right when it was
 * started: CET of a winter and CEST of a summer are the same.
 */
export function isSameSystemZone(one: string, other: string): boolean {
  return winterName(one) === winterName(other)
}

/** CEST → CET, EDT → EST, BST → GMT. */
function winterName(zone: string): string {
  if (zone === 'BST') return 'GMT'
  if (/^[CEW]EST$/.test(zone)) return zone.replace('ST', 'T')
  return zone.replace(/^(\w{1,3})DT$/, '$1ST')
}
