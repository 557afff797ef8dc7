/** What `ecomdb backup binlog` did. */
export interface BinlogReport {
  target: string
  sourceId: string
  stretchId: string
  /** By this run. */
  written: { segments: number; transactions: number; bytes: number; storedBytes: number }
  /** Where the archive ends now; null when it holds nothing of this server. */
  end: {
    file: string
    offset: number
    gtids: string
    /** ISO 8601: everything that was committed before then is archived; null when not known. */
    knownUntil: string | null
  } | null
  /** Why moments of the archive may be older than the server's clock says, in words. */
  findings: string[]
}
