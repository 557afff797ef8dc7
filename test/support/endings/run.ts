import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { main } from '../../../src/cli/main.ts'

// As bin/run.js does, with the commands of this folder.
process.exit(await main(process.argv.slice(2), dirname(fileURLToPath(import.meta.url))))
