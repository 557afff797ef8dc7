/** Preloaded by what dyingAt gives: the process ends itself as soon as it has said a text. */
const text = process.env['ECOMDB_TEST_DIE_AT'] ?? ''
const signal = process.env['ECOMDB_TEST_DIE_BY'] ?? 'SIGKILL'
const write = process.stderr.write.bind(process.stderr) as (...args: unknown[]) => boolean
let sent = false

process.stderr.write = (...args: unknown[]): boolean => {
  const written = write(...args)
  if (text && !sent && String(args[0]).includes(text)) {
    sent = true
    process.kill(process.pid, signal)
  }
  return written
}
