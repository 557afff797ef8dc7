/** Something that needs a person, from any part of ecomdb. */
export interface Problem {
  /** The same for the same trouble: `job logical`, `objective rpo`. */
  key: string
  /** What is wrong, for people. */
  what: string
  /** What to do next; each names a command where there is one. */
  next: readonly string[]
  /**
   * What it is made of, where that can grow while the problem goes on: what comes to it is news. In words that
   * stay the same from look to look.
   */
  parts?: readonly string[]
}

/** What was told before, by key. Times: ms since 1970. */
export interface ToldNotices {
  format: 1
  problems: Readonly<Record<string, Told>>
}

interface Told {
  what: string
  since: number
  toldAt: number
  /** Missing where a version before this one has told it. */
  parts?: readonly string[]
}

export interface Notice {
  kind: 'new' | 'still' | 'over'
  key: string
  what: string
  next: readonly string[]
  since: number
}

export const NOTHING_TOLD: ToldNotices = { format: 1, problems: {} }

/**
 * What is to be told now: a problem when it comes, again after `repeatMs` or when something comes to it, and once
 * when it is over. Pure, so that a mail is not sent for each failed attempt.
 *
 * @param scope only problems whose key begins so are known to be there or not
 */
export function decideNotices(
  told: ToldNotices,
  problems: readonly Problem[],
  { now, repeatMs, scope = '' }: { now: number; repeatMs: number; scope?: string },
): { notices: Notice[]; told: ToldNotices } {
  const notices: Notice[] = []
  const kept: Record<string, Told> = {}
  for (const { key, what, next, parts = [] } of problems) {
    const before = told.problems[key]
    const since = before?.since ?? now
    const known = before?.parts ?? parts
    const hasGrown = parts.some(part => !known.includes(part))
    // A clock that was put back must not silence it.
    const isTold = before !== undefined && now - before.toldAt < repeatMs && before.toldAt <= now
    const isNews = before === undefined || hasGrown
    const toldAt = isTold && !isNews ? before.toldAt : now
    kept[key] = { what, since, toldAt, parts: isTold ? [...new Set([...known, ...parts])] : parts }
    if (isNews || !isTold) notices.push({ kind: isNews ? 'new' : 'still', key, what, next, since })
  }
  for (const [key, before] of Object.entries(told.problems)) {
    if (key in kept) continue
    if (!key.startsWith(scope)) kept[key] = before
    else notices.push({ kind: 'over', key, what: before.what, next: [], since: before.since })
  }
  return { notices, told: { format: 1, problems: kept } }
}

/** The subject of a mail: the worst of it. */
export function noticesSubject(host: string, notices: readonly Notice[]): string {
  const open = notices.filter(({ kind }) => kind !== 'over')
  const [first] = open.length > 0 ? open : notices
  const more = (open.length || notices.length) - 1
  const what = first ? `${first.kind === 'over' ? 'over: ' : ''}${first.what}` : ''
  const text = `${host}, ecomdb: ${what}${more > 0 ? ` (and ${more} more)` : ''}`
  return text.replace(/\s+/g, ' ').slice(0, 150)
}

/** The text of a mail and of a chat message. */
export function noticesText(notices: readonly Notice[]): string {
  return notices.map(noticeText).join('\n\n')
}

function noticeText({ kind, what, next, since }: Notice): string {
  const at = new Date(since).toISOString().slice(0, 16).replace('T', ' ')
  const heading = { new: 'PROBLEM', still: 'STILL', over: 'OVER' }[kind]
  return [`${heading}: ${what}`, `  since ${at} UTC`, ...next.map(one => `  next: ${one}`)].join(
    '\n',
  )
}
