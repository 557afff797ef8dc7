import { cp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import { runProgram } from '#process/run-program'
import { cliEnvironment } from '#test/cli'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

// What happens to a run whose program is upgraded or removed meanwhile: the parts that it has not
// read yet are gone.

let folder: string
beforeAll(async () => {
  folder = await makeFolder()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** An installed ecomdb of its own. */
async function installed(name: string): Promise<string> {
  const root = join(folder, name)
  for (const part of ['bin', 'dist', 'docs', 'policies', 'package.json', 'oclif.manifest.json']) {
    await cp(join(packageRoot(), part), join(root, part), { recursive: true })
  }
  await symlink(join(packageRoot(), 'node_modules'), join(root, 'node_modules'))
  return root
}

/** A part of the program that is read when it is first used, by what it has. */
async function chunkWith(root: string, text: string): Promise<string> {
  const chunks = join(root, 'dist/chunks')
  for (const name of await readdir(chunks)) {
    const path = join(chunks, name)
    if (name.startsWith('web-') && (await readFile(path, 'utf8')).includes(text)) return path
  }
  throw new Error(`no part of the program has ${text}`)
}

async function run(root: string, args: readonly string[], env: Record<string, string>) {
  const program = { file: join(root, 'bin', 'ecomdb'), args: [], env: {} }
  const accept = Array.from({ length: 256 }, (_, status) => status)
  const environment = cliEnvironment(folder, env) as Record<string, string>
  return await runProgram(program, args, { env: environment, accept })
}

/** Takes the program away from whoever connects, and hangs up. */
async function connectedWithout(root: string, args: readonly string[]) {
  const listener = createServer(socket => {
    void rm(join(root, 'dist'), { recursive: true }).then(() => socket.destroy())
  })
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as AddressInfo
  const env = { ECOMDB_HOST: '127.0.0.1', ECOMDB_PORT: String(port), ECOMDB_USER: 'root' }
  const ended = await run(root, args, env)
  listener.close()
  return ended
}

test.each(SLOW_TEST_ENGINES)('%s: a backup whose program is gone is no success', async family => {
  const place = await makeFolder()
  const shop = await LoggedShop.make(family, place)
  const config = ['--config', join(place, 'ecomdb.yaml')]
  try {
    const quiet = ['backup', 'logical', ...config, '--quiet']
    const said = await connectedWithout(await installed(`${family}-said`), quiet)
    expect(said.status, said.stderr).toBeGreaterThan(0)
    expect(said.stderr).toContain('error: ')
    const json = ['backup', 'logical', ...config, '--json']
    const { status, stdout, stderr } = await connectedWithout(await installed(`${family}-j`), json)
    expect(status, stderr).toBeGreaterThan(0)
    expect(JSON.parse(stdout.toString())).toMatchObject({ status })

    // A thread that cannot start ended it after what it had been asked already, or never.
    if (family === 'mysql') await shop.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
    const root = await installed(family)
    await rm(join(root, 'dist/src/workflow/backup/compress-worker.js'))
    const physical = ['backup', 'physical', ...config, '--quiet']
    const ended = await run(root, physical, shop.environment())
    expect(ended.status, ended.stderr).toBe(1)
    expect(ended.stderr).toContain('was ecomdb upgraded or removed while this ran?')

    // What every repository has of docs/ is read when a snapshot is begun.
    const textless = await installed(`${family}-textless`)
    await rm(join(textless, 'docs'), { recursive: true })
    const without = await run(textless, physical, shop.environment())
    expect(without.status, without.stderr).toBe(1)
    expect(without.stderr).toContain('was ecomdb upgraded or removed while this ran?')

    // What reads a manifest said that the snapshot is damaged, and a drill would have signed that.
    const whole = await installed(`${family}-whole`)
    const made = await run(whole, physical, shop.environment())
    expect(made.status, made.stderr).toBe(0)
    await rm(await chunkWith(whole, 'unpackTar('))
    const restore = ['restore', 'latest', '--data-dir', join(place, 'restored'), ...config]
    const restored = await run(whole, restore, shop.environment())
    expect(restored.status, restored.stderr).toBe(1)
    expect(restored.stderr).toContain('was ecomdb upgraded or removed while this ran?')
  } finally {
    await shop.stop()
    await rm(place, { recursive: true, force: true })
  }
})
