/** What a verification can find. */
export type FindingKind =
  | 'EDITED'
  | 'EDITED BY'
  | 'DELETED'
  | 'INSERTED'
  | 'FORKED'
  | 'ROLLED BACK'
  | 'GAP'
  | 'UNSEALED'
  | 'TRIGGER CHANGED'
  | 'GRANT CHANGED'
  | 'SETTING CHANGED'
  | 'CLOCK CHANGED'
  | 'LOGINS UNSEEN'
  | 'NOT ERASED'
  | 'NOT CHECKED'

export interface Finding {
  kind: FindingKind
  table: string | null
  /** The primary key, as people read it. */
  row: string | null
  event: number | null
  batch: number | null
  /** It happened between these two; null: not known. */
  from: string | null
  to: string | null
  account: string | null
  /** What was expected, and what is there. */
  detail: string
  /** A signature or a root does not hold: exit status 13. */
  broken: boolean
}

/** A finding; what is not given is not known. */
export function finding(
  kind: FindingKind,
  detail: string,
  known: Partial<Omit<Finding, 'kind' | 'detail'>> = {},
): Finding {
  const nothing = { table: null, row: null, event: null, batch: null, from: null, to: null }
  return { kind, ...nothing, account: null, broken: false, ...known, detail }
}

/** How many of a kind are listed one by one. */
const LISTED = 1000

/** Lists the first of every kind, and counts all. */
export class FindingList {
  readonly findings: Finding[] = []
  readonly counts: Partial<Record<FindingKind, number>> = {}
  broken = false

  add(...found: readonly Finding[]): void {
    for (const one of found) {
      const count = (this.counts[one.kind] ?? 0) + 1
      this.counts[one.kind] = count
      if (count <= LISTED) this.findings.push(one)
      this.broken ||= one.broken
    }
  }
}
