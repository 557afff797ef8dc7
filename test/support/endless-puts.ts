import { openDirectoryTarget } from '#target/dir/directory-target'

// Puts files of 8 MB until it is killed; says so when the first is about to be written.
const target = openDirectoryTarget(process.argv[2] ?? '')
process.stdout.write('ready\n')
for (let i = 0; ; i += 1) {
  await target.put(`objects/file-${i}`, [Buffer.alloc(4_000_000, i), Buffer.alloc(4_000_000, i)])
}
