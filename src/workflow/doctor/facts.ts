import type { Config } from '#config/config'
import type { DiskSpace } from '#core/disk-space'
import type { EcomdbError } from '#core/errors'
import type { EngineFamily } from '#domain/engine-family'
import type { ServerFacts } from '#engine/server-inspector'
import type { TargetFacts } from '#target/target'

/** Found out, or the error that came instead; null: there was nothing to look at. */
export type Known<Fact> = { fact: Fact } | { error: EcomdbError } | null

/** All that the checks judge. They do no I/O, so each can be read and tested by itself. */
export interface DoctorFacts {
  config: Known<Config>
  server: Known<ServerFacts & { family: EngineFamily; place: string; skewMs: number }>
  target: Known<
    TargetFacts & {
      label: string
      lock: { mode: string; days: number } | null
      repository: Known<{ id: string }>
    }
  >
  tools: readonly ToolFact[]
  keyFiles: readonly KeyFileFact[]
  /** The public half of the configured signing key. */
  signer: string | null
  /** Files on this host that hold an age private key. */
  privateKeys: readonly { path: string; escrow: boolean }[]
  /** Of keys.recipients: that one of them is no public key of age, in words; null where all are. */
  wrongRecipient: string | null
  /** Of keys.recipients, those that a rotation has replaced. */
  replacedRecipients: readonly string[]
  /** Files on this host that hold a key which seals the audit trail. */
  sealingKeys: readonly string[]
  /** Copies of the configuration, and when a disk of each was here the last time. */
  copies: readonly { name: string; maxAgeMs: number; lastSeenAt: string | null }[]
  /** The broker's socket, where the configuration has one. */
  broker: { socketPath: string; distrust: string | null; listens: boolean } | null
  /** What totp.yaml asks of operators; null where it cannot be read. */
  operators: {
    commands: readonly string[]
    people: readonly string[]
    /** Files that say so, and their folders, which others than root can change. */
    loose: readonly string[]
  } | null
  now: Date
  state: { folder: string; space: DiskSpace }
}

export interface ToolFact {
  name: string
  /** What it is for. */
  purpose: string
  /** Without it something of ecomdb's own does not work. */
  needed: boolean
  /** Where it is, or null. */
  path: string | null
}

export interface KeyFileFact {
  path: string
  purpose: string
  /** Why it cannot be used, or null when it can. */
  error: EcomdbError | null
}

export type Status = 'ok' | 'warn' | 'fail' | 'skip'

export interface Finding {
  status: Status
  /** What was looked at, e.g. "server". */
  subject: string
  detail: string
  /** What to do next, when the status is warn or fail. */
  next?: string
}

/** A check: one file, one registration in checks.ts. */
export type Check = (facts: DoctorFacts) => Finding[]
