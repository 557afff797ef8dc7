// npm brings a Node 24 along, unless it was told --omit=optional, or has none for this machine.
if (Number(process.versions.node.split('.')[0]) < 22) {
  process.stderr.write(
    `error: ecomdb runs on Node 22 or newer, and this is ${process.versions.node}\n  hint: install it without --omit=optional: it brings its own\n`,
  )
  process.exit(78)
}

// The launcher's, for this program alone: servers that it starts have many threads that allocate.
if (process.env.MALLOC_ARENA_MAX === '2') delete process.env.MALLOC_ARENA_MAX
if (process.env.MALLOC_TRIM_THRESHOLD_ === '1048576') delete process.env.MALLOC_TRIM_THRESHOLD_
if (process.env.MALLOC_MMAP_THRESHOLD_ === '4194304') delete process.env.MALLOC_MMAP_THRESHOLD_

const { keepCompiledCode } = await import('./code-cache.js')
keepCompiledCode()

const { main } = await import('../dist/src/cli/main.js')
const root = new URL('..', import.meta.url).pathname

// A leaked timer or socket must not keep a finished program alive, so the end is explicit.
process.exit(await main(process.argv.slice(2), decodeURIComponent(root)))
