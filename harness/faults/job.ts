import type { Clock } from '#core/clock'
import type { EngineFamily } from '#domain/engine-family'
import type { Case } from './case.ts'

/** A job of ecomdb that may be cut short at any moment, and what must hold then. */
export interface Job {
  name: string
  /** The engine that has it, where not both do. */
  on?: EngineFamily
  /** Its stages, as its progress names them: it is cut short at each of them. */
  stages: readonly string[]
  /** Those that one engine has. */
  more?: Readonly<Record<EngineFamily, readonly string[]>>
  /** How long it takes, about, in milliseconds: until a run was measured. */
  lastsMs: number
  /** Whose death it may meet. */
  server: 'source' | 'target' | null
  /** Whose disk may be full, and how much room is the most with which it may be, in KiB. */
  writes: 'repository' | 'copy' | 'configuration'
  roomKib: number
  /** Brings the case to where the job begins. */
  prepare?(one: Case): Promise<void>
  args(one: Case): Promise<readonly string[]>
  /** The same, in this process, by another clock. */
  byClock?(one: Case, clock: Clock): Promise<void>
  /** Does nothing, and ends with 3, where a snapshot is of a time that has not come by its clock. */
  tellsOfClock?: true
  /** How it ends where nothing is wrong; 0. */
  ends?: readonly number[]
  /** Looks whether what an exit 0 claims is so, before anything else runs. Throws if not. */
  claims?(one: Case): Promise<void>
  /**
   * After it was cut short: completes it by the way that the tool names, and checks with a
   * real restore that nothing was harmed. Throws with what is wrong.
   */
  recover(one: Case): Promise<string>
}

export function stagesOn({ stages, more }: Job, family: EngineFamily): readonly string[] {
  return [...stages, ...(more?.[family] ?? [])]
}
