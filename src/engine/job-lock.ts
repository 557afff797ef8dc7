import type { Session } from './session.ts'

/** Keeps the same job of several hosts from working on one server at the same time. */
export interface JobLock {
  /**
   * Takes a lock that the server itself holds for this session, and lets go of with it: also when
   * the holder is killed, or its host goes down.
   *
   * @returns false when another session has it
   */
  take(session: Session, job: string): Promise<boolean>
}
