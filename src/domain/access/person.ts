export type AccountKind = 'identity' | 'session' | 'service' | 'application' | 'adopted'

/** A row of the table person. Times are ISO 8601, UTC. */
export interface PersonRecord {
  person: string
  fullName: string
  email: string | null
  state: 'active' | 'locked' | 'left'
  createdAt: string
  leftAt: string | null
}

/** The lock on the server that everything takes which gives a person access, or ends it. */
export function personLockName(handle: string): string {
  return `ecomdb:person:${handle}`
}
