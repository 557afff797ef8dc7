import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, realpath, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import { shellWord } from '#core/shell-word'
import { onPath } from '#process/program'
import { runProgram } from '#process/run-program'
import { withFolder } from '#test/temporary'

// What mountinfo does not have, or has more than one of. All mounts end with the process that made them.

const UNSHARE = process.getuid?.() === 0 ? ['-m'] : ['-Urm']
const CAN = spawnSync('unshare', [...UNSHARE, 'true']).status === 0
const NO_MOUNTS = 'this user may make no mount namespace'
const KERNELS = ['of today', 'before 5.14'] as const

/** Looks from a process of its own, as one that has another root or other mounts than this one. */
const lookFrom = (folder: string, kernel: (typeof KERNELS)[number]): string => {
  const told = `readFile('/proc/' + pid + '/fdinfo/' + fd, 'latin1').catch(() => '')`
  const old = `async (pid, fd) => (await ${told}).replace(/^ino:.*\\n/m, '')`
  const program = [
    `import { readFile } from 'node:fs/promises'`,
    `import { processUsing } from ${JSON.stringify(join(packageRoot(), 'src/process/files-in-use.ts'))}`,
    `const readInfo = ${kernel === 'of today' ? 'undefined' : old}`,
    `console.log(await processUsing(${JSON.stringify(folder)}, 0, readInfo))`,
  ].join('\n')
  return `${shellWord(process.execPath)} --input-type=module -e ${shellWord(program)}`
}

/** Runs in a mount namespace of its own; the shell has what it opens open while it is looked. */
const inShell = async (lines: readonly string[]): Promise<string[]> => {
  const args = [...UNSHARE, 'sh', '-ec', ['echo $$', ...lines].join('\n')]
  const { stdout } = await runProgram(onPath('unshare'), args)
  return stdout.toString().trim().split('\n')
}

test.for(KERNELS)(
  '%s: a file on a file system that is mounted below the folder',
  (kernel, { skip }) =>
    withFolder(async given => {
      if (!CAN) skip(NO_MOUNTS)
      const folder = await realpath(given)
      const redo = join(folder, 'data/#innodb redo')
      await mkdir(redo, { recursive: true })
      const look = lookFrom(join(folder, 'data'), kernel)
      const [shell, before, found] = await inShell([
        `mount -t tmpfs none ${shellWord(redo)}`,
        `echo log > ${shellWord(join(redo, 'redo0'))}`,
        look,
        `exec 3< ${shellWord(join(redo, 'redo0'))}`,
        look,
      ])
      expect([before, found]).toEqual(['null', shell])
    }),
)

test.for(KERNELS)('%s: looked from within a plain folder that is the root', (kernel, { skip }) =>
  withFolder(async given => {
    if (!CAN) skip(NO_MOUNTS)
    const root = await realpath(given)
    const inside = join(root, 'data/bank/journal.ibd')
    await mkdir(dirname(inside), { recursive: true })
    await writeFile(inside, 'rows')
    const needed = [
      '/usr',
      '/bin',
      '/lib',
      '/lib64',
      '/proc',
      packageRoot(),
      dirname(process.execPath),
    ]
    const mounts = needed.filter(existsSync).map(path => {
      const at = shellWord(join(root, path))
      return `mkdir -p ${at}\nmount --rbind ${shellWord(path)} ${at}`
    })
    const look = `chroot ${shellWord(root)} ${lookFrom('/data', kernel)}`
    const [shell, before, found] = await inShell([
      ...mounts,
      look,
      `exec 3< ${shellWord(inside)}`,
      look,
    ])
    expect([before, found]).toEqual(['null', shell])
  }),
)

test.for(KERNELS)('%s: a process whose own mountinfo does not have the mount', (kernel, { skip }) =>
  withFolder(async given => {
    if (!CAN) skip(NO_MOUNTS)
    if (spawnSync('perl', ['-v']).status !== 0) skip('there is no perl')
    const folder = await realpath(given)
    const inside = join(folder, 'data/journal.ibd')
    await mkdir(dirname(inside))
    await writeFile(inside, 'rows')
    const script = '$|=1; open(F,"<",$ARGV[0]); chroot($ARGV[1]); print "open\n"; sleep 600'
    const holder = spawn('unshare', [...UNSHARE, 'perl', '-e', script, inside, folder])
    const ended = new Promise(resolve => holder.once('close', resolve))
    try {
      await new Promise(resolve => holder.stdout.once('data', resolve))
      const look = lookFrom(join(folder, 'data'), kernel)
      const { stdout } = await runProgram(onPath('sh'), ['-ec', look])
      expect(stdout.toString().trim()).toBe(String(holder.pid))
    } finally {
      holder.kill()
      await ended
    }
  }),
)
