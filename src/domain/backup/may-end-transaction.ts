import { blankQuotes } from '../schema/create-table.ts'
import type { ProgramEntry } from './manifest.ts'

/**
 * May a procedure end the transaction that it is called in? COMMIT and START TRANSACTION do, and so does DDL,
 * which is allowed in a procedure and not in a function. What it calls, or puts together, is not looked at.
 *
 * Source: MySQL reference manual, "Statements That Cause an Implicit Commit".
 */
export function mayEndTransaction({ create }: Pick<ProgramEntry, 'create'>): boolean {
  try {
    return ENDING.test(blankQuotes(create.replace(/^CREATE\s/i, '')))
  } catch {
    // Quotes of another sql_mode, or in a comment.
    return true
  }
}

const ENDING = new RegExp(
  `\\b(?:${[
    'commit|rollback|start\\s+transaction|begin\\s+work|autocommit|xa|call|prepare|execute',
    'create|alter|drop|truncate|rename|grant|revoke|lock|unlock|flush|reset|load|import',
    'analyze|optimize|repair|check|cache|install|uninstall',
  ].join('|')})\\b`,
  'i',
)
