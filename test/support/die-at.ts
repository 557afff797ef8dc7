/** Preloaded by what dyingAt gives: the process kills itself as soon as it has said a text. */
const text = process.env['ECOMDB_TEST_DIE_AT'] ?? ''
const write = process.stderr.write.bind(process.stderr) as (...args: unknown[]) => boolean

process.stderr.write = (...args: unknown[]): boolean => {
  const written = write(...args)
  if (text && String(args[0]).includes(text)) process.kill(process.pid, 'SIGKILL')
  return written
}
