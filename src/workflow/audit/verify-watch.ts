import type { Checkpoint } from '#domain/audit/checkpoint'
import type { AuditEvent } from '#domain/audit/event'
import { type Finding, type FindingKind, type FindingList, finding } from '#domain/audit/finding'
import { countChange, type LoginCount, loginCountOf, refusedOf } from '#domain/audit/login-watch'
import { changeOfSum, sumDifference, watchedRights } from '#domain/audit/rights-watch'

/** Compares what was signed of something with what events say changed of it. */
interface Rule<Signed, Told> {
  kind: FindingKind
  isSame(was: Signed, is: Signed): boolean
  /** @returns what is wrong, in words; null: the events account for it */
  judge(was: Signed, is: Signed, told: readonly Told[]): string | null
}

const RIGHTS: Rule<bigint, bigint> = {
  kind: 'GRANT CHANGED',
  isSame: (was, is) => was === is,
  judge(was, is, told) {
    const sum = told.reduce((all, one) => sumDifference(0n, all + one), 0n)
    if (sum === sumDifference(was, is)) return null
    const what = told.length > 0 ? 'and events say only some of it' : 'and no event says which'
    return `rights of accounts changed, ${what}`
  },
}

const LOGINS: Rule<LoginCount, number> = {
  kind: 'LOGINS UNSEEN',
  isSame: (was, is) => was.count === is.count && was.source === is.source,
  judge(was, is, told) {
    const { refused, gap } = countChange(was, is)
    if (gap !== null) return gap
    const sum = told.reduce((all, one) => all + one, 0)
    return sum >= refused ? null : `${refused} logins were refused, and events say ${sum}`
  },
}

/** From one batch that signs a change of it to the next. */
interface Step<Signed> {
  was: Signed
  is: Signed
  /** The batch of the change before: events of it are accounted for. */
  after: number
  /** The newest batch of the seal before. */
  seal: number
  upTo: number
  known: Pick<Finding, 'from' | 'to' | 'batch'>
}

class Track<Signed, Told> {
  readonly #rule: Rule<Signed, Told>
  readonly #steps: Step<Signed>[] = []
  /** By the batch of the events; in their order. */
  readonly #told: { batch: number; told: Told }[] = []
  #base: { signed: Signed; batch: number; sealedAt: string } | null = null

  constructor(rule: Rule<Signed, Told>) {
    this.#rule = rule
  }

  addSigned(is: Signed, { batch, sealedAt, accept }: Checkpoint, seal: number): void {
    const was = this.#base
    if (was && this.#rule.isSame(was.signed, is)) {
      was.sealedAt = sealedAt
      return
    }
    this.#base = { signed: is, batch, sealedAt }
    if (!was || accept !== null) return
    const known = { from: was.sealedAt, to: sealedAt, batch }
    this.#steps.push({ was: was.signed, is, after: was.batch, seal, upTo: batch, known })
  }

  addTold(told: Told, batch: number): void {
    this.#told.push({ batch, told })
  }

  /** Where the seal's own events have gone in good order nothing can be said. */
  judge(gone: ReadonlySet<number>, found: FindingList): void {
    const told = this.#told.filter(({ batch }) => !gone.has(batch))
    told.sort((a, b) => a.batch - b.batch)
    let at = 0
    for (const { was, is, after, seal, upTo, known } of this.#steps) {
      const own: Told[] = []
      for (let one = told[at]; one && one.batch <= upTo; one = told[at]) {
        if (one.batch > after) own.push(one.told)
        at += 1
      }
      const sealed = Array.from({ length: upTo - seal }, (_, number) => seal + 1 + number)
      if (sealed.some(batch => gone.has(batch))) continue
      const wrong = this.#rule.judge(was, is, own)
      if (wrong !== null) found.add(finding(this.#rule.kind, wrong, known))
    }
  }
}

/**
 * Compares from batch to batch what was signed of the accounts' rights and of the count of refused
 * logins with what the events P and L say. What a person accepted is not compared.
 */
export class WatchVerifier {
  readonly #found: FindingList
  readonly #rights = new Track(RIGHTS)
  readonly #logins = new Track(LOGINS)
  /** The newest batch of the seal before this one; the batches of a seal share a snapshot. */
  #seal = 0
  #before: { batch: number; serverAt: string; sealedAt: string; isWatched: boolean } | null = null
  #unwatchedFrom: string | null = null
  readonly #notes: string[] = []

  constructor(found: FindingList) {
    this.#found = found
  }

  /** In their order. */
  addBatch(checkpoint: Checkpoint): void {
    const { batch, serverAt, sealedAt, controls, accept } = checkpoint
    const before = this.#before
    if (before && before.serverAt !== serverAt) this.#seal = before.batch
    const rights = watchedRights(controls)
    this.#before = { batch, serverAt, sealedAt, isWatched: rights !== null }
    if (rights === null) {
      this.#unwatchedFrom ??= before?.sealedAt ?? sealedAt
      if (before?.isWatched && accept === null) {
        const known = { from: before.sealedAt, to: sealedAt, batch }
        this.#found.add(finding('GRANT CHANGED', BLIND, known))
      }
    } else {
      if (this.#unwatchedFrom !== null) {
        this.#notes.push(unwatchedText(this.#unwatchedFrom, `to ${sealedAt}`))
        this.#unwatchedFrom = null
      }
      this.#rights.addSigned(rights, checkpoint, this.#seal)
    }
    const logins = loginCountOf(controls)
    if (logins) this.#logins.addSigned(logins, checkpoint, this.#seal)
  }

  addEvent({ kind, detail }: Pick<AuditEvent, 'kind' | 'detail'>, batch: number): void {
    if (kind === 'P') this.#rights.addTold(changeOfSum(detail), batch)
    else if (kind === 'L') this.#logins.addTold(refusedOf(detail), batch)
  }

  /** After the last batch. @returns when nobody watched and somebody does again, in words */
  endBatches(): string[] {
    if (this.#unwatchedFrom !== null) {
      this.#found.add(finding('NOT CHECKED', unwatchedText(this.#unwatchedFrom, 'on')))
    }
    return this.#notes
  }

  /** After the last event. @param gone batches that have lost events in good order */
  endEvents(gone: ReadonlySet<number>): void {
    this.#rights.judge(gone, this.#found)
    this.#logins.judge(gone, this.#found)
  }
}

function unwatchedText(from: string, until: string): string {
  return `rights of accounts were not watched from ${from} ${until}: the sealer could not read them, and what came and went meanwhile is not known`
}

const BLIND = 'the sealer may not read the rights of accounts any more'
