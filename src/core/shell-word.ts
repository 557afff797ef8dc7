/**
 * A word as a POSIX shell takes it: as it is where that is safe, else in single quotes. For
 * command lines that messages tell the user to run; ecomdb itself never goes through a shell.
 */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
