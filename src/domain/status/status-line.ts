/** One line of the screen. */
export interface StatusLine {
  /** `drill`, `rpo`, `3-2-1-1-0`: stable, for programs. */
  key: string
  name: string
  /** missed: an objective of the policy. unknown: nothing promised, or nothing to measure. */
  state: 'ok' | 'finding' | 'missed' | 'unknown'
  detail: string
  next: readonly string[]
  /** What is wrong, one by one, in words that stay the same: for whoever is told (`Problem`). */
  parts?: readonly string[]
}

/** Of the checks that ask the server; null where it was not asked, or did not say. */
export interface ServerFigures {
  /** Seconds since the newest checkpoint of the audit trail. */
  sealAgeSeconds: number | null
  grantsOpen: number | null
  /** Their time is over, and nothing has ended them. */
  grantsOverdue: number | null
  /** Nobody approved them. */
  grantsBreakGlass: number | null
  /** Within a week. */
  grantsEndingSoon: number | null
  accessDifferences: number | null
  /** Accounts with rights that the policy does not give them, or that it does not know. */
  accountsBeyond: number | null
  /** 0 to 100. */
  hardenScore: number | null
}

/** What a check comes to. */
export interface CheckedServer {
  line: StatusLine
  figures: Partial<ServerFigures>
}

export const NOT_COME = 'which has not come: a clock was wrong'

export const shortMoment = (iso: string): string => `${iso.slice(0, 16).replace('T', ' ')} UTC`
