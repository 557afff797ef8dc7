import { existsSync, globSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { Plugin } from '@oclif/core/config'
import { publint } from 'publint'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import { onPath } from '#process/program'
import { runProgram } from '#process/run-program'
import { otherNode } from '#test/other-nodes'

// What `npm install -g ecomdb` would bring. Needs dist/: run `npm run build` first.

let folder = ''
let tarball = ''
let files: string[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ecomdb-test-'))
  const { stdout } = await runProgram(
    onPath('npm'),
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
    { cwd: packageRoot(), env: { npm_config_update_notifier: 'false' } },
  )
  const [packed] = JSON.parse(stdout.toString()) as {
    filename: string
    files: { path: string }[]
  }[]
  files = packed?.files.map(({ path }) => path) ?? []
  await mkdir(join(folder, 'unpacked'))
  tarball = join(folder, packed?.filename ?? '')
  await runProgram(onPath('tar'), ['-xzf', tarball, '-C', join(folder, 'unpacked')])
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('has all that it needs, and no tests, sources or secrets', () => {
  const root = packageRoot()
  const needed = [
    'LICENSE',
    'package.json',
    'oclif.manifest.json',
    'bin/ecomdb',
    'bin/run.js',
    'bin/setup',
    'policies/ecomdb.schema.json',
    'docs/errors.md',
    'docs/reader.py',
    'CHANGELOG.md',
    'SECURITY.md',
    ...globSync('src/engine/migrations/**/*.sql', { cwd: root }),
    ...globSync('commands/**/*.ts', { cwd: root }).map(path => `dist/${path.slice(0, -3)}.js`),
    ...globSync('src/**/*-worker.ts', { cwd: root }).map(path => `dist/${path.slice(0, -3)}.js`),
  ]
  expect(needed.filter(path => !files.includes(path))).toEqual([])
  expect(
    files.filter(path => /^(test|bench|node_modules)\/|\.ts$|\.key$|\.identity$/.test(path)),
  ).toEqual([])
})

test('publint finds nothing', async () => {
  const { messages } = await publint({ pkgDir: join(folder, 'unpacked/package'), pack: false })
  expect(messages).toEqual([])
})

// After publint, which would look into node_modules.
test('works from the unpacked tarball', async () => {
  const place = join(folder, 'unpacked/package')
  await symlink(join(packageRoot(), 'node_modules'), join(place, 'node_modules'))
  const ecomdb = onPath(join(place, 'bin/ecomdb'))
  const version = await runProgram(ecomdb, ['--version'])
  expect(version.stdout.toString()).toMatch(/^ecomdb\/\d+\.\d+\.\d+ .* node-v24\./)
  const help = await runProgram(ecomdb, ['sandbox', 'start', '--help'])
  expect(help.stdout.toString()).toContain('EXIT STATUS')
  const errors = await runProgram(ecomdb, ['errors', '13', '--json'])
  expect(JSON.parse(errors.stdout.toString())).toMatchObject({ status: 0 })
})

test('is installed by npm on Node 20, and runs where node is 20, 22 or 24', async t => {
  const nodes = { 20: await otherNode(20), 22: await otherNode(22) }
  const paths: string[] = []
  for (const one of Object.values(nodes)) {
    if ('missing' in one) return t.skip(one.missing)
    paths.push(one.folder)
  }
  const prefix = join(folder, 'global')
  const npm = process.env['PATH']?.split(delimiter).find(path => existsSync(join(path, 'npm')))
  // A machine that has this node and what every Linux has, and whose npm runs on it.
  const machine = (path: string) => ({ PATH: `${path}:${npm}:/usr/bin:/bin` })
  const [node20 = '', node22 = ''] = paths
  const install = ['install', '-g', '--prefix', prefix, '--prefer-offline', '--no-audit', tarball]
  await runProgram(onPath('npm'), install, { env: machine(node20) })

  const ecomdb = onPath(join(prefix, 'bin', 'ecomdb'))
  for (const path of [...paths, dirname(process.execPath)]) {
    const ran = await runProgram(ecomdb, ['--version'], { env: machine(path), cwd: folder })
    // The one that npm brought along.
    expect(ran.stdout.toString()).toMatch(/ node-v24\./)
  }
  // Without it, as --omit=optional leaves it: Node 22 does, and Node 20 is told what to do.
  const run = join(prefix, 'lib/node_modules/ecomdb/bin/run.js')
  const own = await runProgram(onPath(join(node22, 'node')), [run, 'errors', '13', '--json'])
  expect(JSON.parse(own.stdout.toString())).toMatchObject({ status: 0 })
  const old = await runProgram(onPath(join(node20, 'node')), [run], { accept: [78] })
  expect(old.stderr).toContain('hint: install it without --omit=optional')
})

test('oclif.manifest.json is what the commands say', async () => {
  const plugin = new Plugin({
    errorOnManifestCreate: true,
    ignoreManifest: true,
    respectNoCacheDefault: true,
    root: packageRoot(),
    type: 'core',
  })
  await plugin.load()
  const committed = await readFile(join(packageRoot(), 'oclif.manifest.json'), 'utf8')
  expect(JSON.parse(committed)).toEqual(JSON.parse(JSON.stringify(plugin.manifest)))
})
