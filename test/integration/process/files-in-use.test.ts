import { spawn, spawnSync } from 'node:child_process'
import { link, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { shellWord } from '#core/shell-word'
import { processUsing } from '#process/files-in-use'
import { withFolder } from '#test/temporary'

/** As kernels before 5.14 tell. */
const withoutInode = async (pid: number, descriptor: string): Promise<string> =>
  (await readFile(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8').catch(() => '')).replace(
    /^ino:.*\n/m,
    '',
  )

const KERNELS = [
  ['of today', undefined],
  ['before 5.14', withoutInode],
] as const

/** Where a process may mount for itself alone; all of it ends with the process. */
const UNSHARE = process.getuid?.() === 0 ? ['-m'] : ['-Urm']

interface Shop {
  given: string
  folder: string
  /** A file of its. */
  inside: string
}

const withShop = (work: (shop: Shop) => Promise<void>) =>
  withFolder(async folder => {
    const given = await realpath(folder)
    const data = join(given, 'data')
    await mkdir(join(data, 'bank'), { recursive: true })
    const inside = join(data, 'bank/journal.ibd')
    await writeFile(inside, 'rows')
    await work({ given, folder: data, inside })
  })

/** Runs what ends in `tail -f`, and looks when it has read the file, which it has open then. */
async function whileOpen(
  command: readonly [string, ...string[]],
  look: (pid: number | undefined) => Promise<void>,
): Promise<void> {
  const [file, ...args] = command
  const holder = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise(resolve => holder.once('close', resolve))
  try {
    await new Promise(resolve => holder.stdout.once('data', resolve))
    await look(holder.pid)
  } finally {
    holder.kill()
    await ended
  }
}

test.each(KERNELS)('%s: whoever has a file open is seen, by whatever path', (_name, readInfo) =>
  withShop(async ({ given, folder, inside }) => {
    // As another mount of the same files: the path that the kernel tells is not below the folder.
    const outside = join(given, 'elsewhere.ibd')
    await link(inside, outside)
    await writeFile(join(given, 'data-of-others'), 'rows')
    const using = () => processUsing(folder, 0, readInfo)
    expect(await using()).toBeNull()
    for (const [path, isSeen] of [
      [inside, true],
      [outside, true],
      [join(given, 'data-of-others'), false],
    ] as const) {
      await whileOpen(['tail', '-f', path], async pid => {
        expect(await using(), path).toBe(isSeen ? pid : null)
      })
      expect(await using()).toBeNull()
    }
    await rm(outside)
    // A server whose files somebody has removed goes on with them, and makes others.
    await whileOpen(['tail', '-f', inside], async pid => {
      await rm(join(folder, 'bank'), { recursive: true })
      expect(await using()).toBe(pid)
    })
  }),
)

test.for(
  KERNELS.flatMap(([kernel, readInfo]) =>
    [
      ['the same files under another path', '--bind DATA OTHER', 'OTHER', true],
      ['a file system of its own at the path of ours', '-t tmpfs none DATA', 'DATA', false],
      ['another folder at the path of ours', '--bind OTHER DATA', 'DATA', false],
      ['the same at its path, as of a service', '--bind DATA DATA', 'DATA', true],
    ].map(([what, mount, at, isSeen]) => [kernel, what, mount, at, isSeen, readInfo] as const),
  ),
)(
  '%s, in a mount namespace of its own: %s',
  async ([, , mount, at, isSeen, readInfo], { skip }) => {
    const can = spawnSync('unshare', [...UNSHARE, 'true']).status === 0
    if (!can) skip('this user may make no mount namespace')
    await withShop(async ({ given, folder }) => {
      const other = join(given, 'other')
      await mkdir(other)
      const placed = (text: unknown): string =>
        String(text).replaceAll('DATA', shellWord(folder)).replaceAll('OTHER', shellWord(other))
      for (const removes of ['', `rm -r ${placed(at)}/shop &&`]) {
        const make = `mkdir -p ${placed(at)}/shop && echo rows > ${placed(at)}/shop/t.ibd`
        const open = `exec 3< ${placed(at)}/shop/t.ibd && ${removes} echo open && exec sleep 600`
        const script = `mount ${placed(mount)} && ${make} && ${open}`
        await whileOpen(['unshare', ...UNSHARE, 'sh', '-c', script], async pid => {
          // One that is removed has a path only, which is another one there.
          const isKnown = isSeen && (removes === '' || at === 'DATA')
          expect(await processUsing(folder, 0, readInfo), removes).toBe(isKnown ? pid : null)
        })
      }
    })
  },
)
