// Puts the commands of oclif.manifest.json in order. oclif writes them in the order in which
// the file system lists them, and the same build would differ from machine to machine.
import { readFileSync, writeFileSync } from 'node:fs'

const file = new URL('../oclif.manifest.json', import.meta.url)
const manifest = JSON.parse(readFileSync(file, 'utf8'))
const commands = Object.entries(manifest.commands).sort(([a], [b]) => (a < b ? -1 : 1))
writeFileSync(
  file,
  JSON.stringify({ ...manifest, commands: Object.fromEntries(commands) }, null, 2),
)
