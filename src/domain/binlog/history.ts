/**
 * Which transactions a binary log has had up to some point of it. The two engines' GTIDs are
 * different types; this is what both can be asked.
 */
export interface GtidHistory {
  /** The transaction with this GTID follows. */
  record(gtid: string): void
  /**
   * Is everything of this text in it?
   * @throws EcomdbError USAGE when the text is not of this engine's form
   */
  covers(wanted: string): boolean
  has(gtid: string): boolean
  isEmpty(): boolean
  clone(): GtidHistory
  /** As the engine writes it; `parseHistory` reads it. */
  toString(): string
}
