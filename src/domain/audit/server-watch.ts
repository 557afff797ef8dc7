import type { Control, EventKind } from './event.ts'

/** Names of what the sealer saw last, and what it saw; JSON. */
export type Seen = ReadonlyMap<string, string>

/** An event that the sealer writes itself. */
export interface SealerEvent {
  kind: Extract<EventKind, 'P' | 'L'>
  /** Text of the only field of the event's key: an account; empty: none. */
  subject: string
  /** Less than 64 KiB of JSON: the column has no room for more. */
  detail: object
}

/** Signs the rights of all accounts; what changed of them is in events of kind P. */
export const RIGHTS_CONTROL = 'rights'

/** Signs the server's count of refused logins; what came to it is in events of kind L. */
export const LOGINS_CONTROL = 'logins'

/** Of which events account for what changes. */
export function isWatched({ name }: Pick<Control, 'name'>): boolean {
  return name === RIGHTS_CONTROL || name === LOGINS_CONTROL
}

/** What changed since the sealer's last look, and what it is to remember. */
export interface ServerChanges {
  events: readonly SealerEvent[]
  /** null: forget it. */
  seen: ReadonlyMap<string, string | null>
}
