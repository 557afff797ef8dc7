import type { Session } from '../../session.ts'

/** @returns what has to stay as it is, in words */
type PutBack = (by: Session) => Promise<unknown>

/** What a job has changed on a server for as long as it takes, to be put back by any session. */
export class ServerChanges {
  readonly #made: PutBack[] = []

  /** To be called when the change is made. */
  note(putBack: PutBack): void {
    this.#made.push(putBack)
  }

  /**
   * The last first, each also where another cannot be put back.
   * @returns what has to stay as it is, in words
   * @throws the first error
   */
  async putBack(by: Session): Promise<string[]> {
    const errors: unknown[] = []
    const stays: string[] = []
    for (const putBack of this.#made.toReversed()) {
      try {
        const stay = await putBack(by)
        if (typeof stay === 'string') stays.push(stay)
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
    return stays
  }

  /** Sets a global variable. @param was as a literal, of the value before @throws EcomdbError PRIVILEGE_MISSING */
  async setGlobal(session: Session, name: string, value: string, was: string): Promise<void> {
    await session.run(`SET GLOBAL ${name} = ${value}`)
    this.note(by => by.run(`SET GLOBAL ${name} = ${was}`))
  }
}
