import { Flavor } from '#engine/flavor'

/** Statements about the binary log, by what VERSION() says: MySQL has other words since 8.2. */
interface LogWords {
  reset: string
  status: string
}

export function logWords(version: string): LogWords {
  return Flavor.parse(version).atLeast('mysql', 8, 2)
    ? { reset: 'RESET BINARY LOGS AND GTIDS', status: 'SHOW BINARY LOG STATUS' }
    : { reset: 'RESET MASTER', status: 'SHOW MASTER STATUS' }
}
