import { enableCompileCache } from 'node:module'

enableCompileCache()

const { run } = await import('@oclif/core/run')
const { flush } = await import('@oclif/core/flush')
const { handle } = await import('@oclif/core/handle')

await run(process.argv.slice(2), import.meta.url)
  .then(() => flush())
  .catch(handle)
