import { keepCompiledCode } from './code-cache.js'

keepCompiledCode()

const { main } = await import('../dist/src/cli/main.js')
const root = new URL('..', import.meta.url).pathname

// A leaked timer or socket must not keep a finished program alive, so the end is explicit.
process.exit(await main(process.argv.slice(2), decodeURIComponent(root)))
