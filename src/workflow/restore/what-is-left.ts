import { EcomdbError } from '#core/errors'
import { sameAccount } from '#domain/access/definer-object'
import { definerAccounts } from '#domain/backup/definer-grants'
import type { AccountEntry, Manifest } from '#domain/backup/manifest'
import { namedTables, type TableElsewhere } from '#domain/backup/manifest-inside'
import type { RestorePlan } from '#domain/backup/restore-plan'
import { lockedAccount } from '#engine/locked-account'
import type { RestoreTarget } from '#engine/logical-writer'
import { quoteAccount } from '#engine/quote'
import type { RestoreOutcome } from './restore-options.ts'
import { madeText } from './restore-refusals.ts'
import { grantsOf, namesOf, type WeakerDefiner } from './weaker-definers.ts'

export function leftText({ makes }: RestorePlan): string {
  return `on the server now, perhaps incomplete: ${madeText(makes)}`
}

/** What may be why a restore fails. */
interface Circumstances {
  plan: RestorePlan
  elsewhere: readonly TableElsewhere[]
  /** See keptDefiners. */
  definers: readonly AccountEntry[]
  /** See weakerDefiners. */
  weaker: readonly WeakerDefiner[]
  /** See leftDefiners. */
  left: readonly AccountEntry[]
  /** See smallerPages. */
  pages: string | null
  /** See otherServer. */
  other: string | null
}

/** In words; null where this server's pages hold every row that the source's did. */
export function smallerPages({ settings }: Manifest, target: RestoreTarget): string | null {
  const [was, is] = [settings, target.settings].map(all => Number(all['innodb_page_size']))
  return was !== undefined && is !== undefined && is < was
    ? `the source had innodb_page_size = ${was}, this server has ${is}: what does not fit wants a server that was made with the source's`
    : null
}

/** Whom restored programs run as that was there already, with the grants that it had on the source. */
export function keptDefiners(
  manifest: Manifest,
  databases: readonly string[] | undefined,
  { administrator }: RestoreTarget,
  { kept }: RestorePlan,
): AccountEntry[] {
  return definerAccounts(manifest, databases ?? null)
    .map(({ account }) => account)
    .filter(
      account =>
        !sameAccount(account, administrator) && kept.some(one => sameAccount(one, account)),
    )
}

/** Whom programs of the snapshot run as that has left since, and is not brought back. */
export function leftDefiners(
  manifest: Manifest,
  leavers: readonly { user: string; host: string }[],
): AccountEntry[] {
  return definerAccounts(manifest, null)
    .map(({ account }) => account)
    .filter(account => leavers.some(one => sameAccount(one, account)))
}

/** `ecomdb doctor` looks at what a backup needs, which is less than a restore does. */
export function askingForAdministrator(error: unknown): unknown {
  if (!(error instanceof EcomdbError) || error.code !== 'PRIVILEGE_MISSING') return error
  const { what, why, hints } = error
  return new EcomdbError('PRIVILEGE_MISSING', {
    ...{ what, why },
    hints: [
      'restore as an administrator (`--user root`, or an account with ALL PRIVILEGES ON *.* WITH GRANT OPTION): a restore makes databases, accounts and their grants',
      ...hints.filter(hint => !hint.includes('`ecomdb doctor`')),
    ],
    cause: error.cause ?? error,
  })
}

/** The servers' words for an account that may not: errors 1356, 1370, 1142 to 1144. */
const MAY_NOT = /lack rights to use them|command denied to user|[Aa]ccess denied for user/

/** A view that the server cannot run: its definer is not there, for one. */
const NO_ANSWER = /does not answer|was defined otherwise/

/** Error 1118. */
const ROW_TOO_LARGE = /Row size too large/

/** What a server, or its programs, say of what is of another version. */
const OF_VERSIONS: ReadonlySet<string> = new Set(['SERVER_REFUSED', 'TOOL_FAILED'])

/** The same error, and what it leaves on the server. */
export function withWhatIsThere(
  error: unknown,
  { plan, elsewhere, definers, weaker, left: gone, pages, other }: Circumstances,
  canResume: boolean,
): unknown {
  if (!(error instanceof EcomdbError)) return error
  const { code, what, why, hints } = error
  const left = leftText(plan)
  const lacksRights = definers.length > 0 && canResume && MAY_NOT.test(why ?? '')
  const isWeaker = weaker.length > 0 && (MAY_NOT.test(why ?? '') || NO_ANSWER.test(why ?? ''))
  const lacksLeaver =
    gone.length > 0 && canResume && code === 'CONTENT_MISMATCH' && NO_ANSWER.test(why ?? '')
  return new EcomdbError(code, {
    what,
    why: why ? `${why}; ${left}` : left,
    hints: [
      ...(lacksLeaver
        ? [
            `programs run as ${gone.map(({ user, host }) => quoteAccount(user, host)).join(', ')}, who has left since and is not brought back; as an account that is locked: ${gone.flatMap(one => [lockedAccount(one), ...one.grants]).join('; ')}`,
            'run the command again with --resume; then `ecomdb offboard` of that person gives the programs another definer, and drops the account',
          ]
        : []),
      ...(lacksRights
        ? [
            `programs run as ${definers.map(({ user, host }) => quoteAccount(user, host)).join(', ')}, which the server had before, and which keeps the rights that it has there; those of the source: ${definers.flatMap(({ grants }) => grants).join('; ')}`,
            'grant what is lacking, and run the command again with --resume: it makes the programs again',
          ]
        : lacksLeaver
          ? []
          : hints),
      ...(isWeaker
        ? [
            `programs run as ${namesOf(weaker)}, whom the restore made with what they may do on these databases; they had more: ${grantsOf(weaker)}`,
            'restore all databases, or make these accounts there with what they had before a new restore: it leaves accounts alone that are there',
          ]
        : []),
      ...(code === 'SERVER_REFUSED' && elsewhere.length > 0
        ? [
            `these places must be there, and the server be able to use them: ${namedTables(elsewhere)}`,
          ]
        : []),
      ...(OF_VERSIONS.has(code) && other !== null ? [other] : []),
      ...(pages !== null && ROW_TOO_LARGE.test(why ?? '') ? [pages] : []),
      ...(code === 'CONTENT_MISMATCH' || lacksRights || !canResume
        ? []
        : ['run the command again with --resume: it continues, and loads nothing twice']),
      'with --start-over it removes what this restore made, and begins again',
    ],
    cause: error.cause ?? error,
  })
}

/**
 * A server can be told to put no table elsewhere: then there is less room where they are. And who may
 * not write them (MariaDB keeps them in mysql) brings no statistics back: plans may be others. A loadable
 * function wants its library.
 */
export function notAsTheyWere(outcome: RestoreOutcome): string[] {
  const { checks, unlogged, leftOut, brokenKeys } = outcome
  const unasked = checks
    .filter(({ name, outcome }) => NEEDS_A_LOOK.includes(name) && outcome === 'unchecked')
    .map(({ summary }) => summary)
  return [...unlogged, ...leftOut, ...brokenKeys, ...unasked]
}

const NEEDS_A_LOOK = 'places statistics server letters privileges grants history defaults'.split(
  ' ',
)
