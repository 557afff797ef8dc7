import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import { type ConsoleBlock, consoleBlocks, looksAsShown } from '#test/console-blocks'
import { DocumentedHome } from '#test/documented-states'

/** Every command that a reader is shown runs here, on MariaDB, and looks as shown. */

const FILES = ['README.md', ...readdirSync(join(packageRoot(), 'docs')).map(name => `docs/${name}`)]
const PAGES = FILES.filter(file => file.endsWith('.md')).map(file => ({
  file,
  text: readFileSync(join(packageRoot(), file), 'utf8'),
}))

// One home for all pages: a state is made once and copied for every block that begins with it.
let home: DocumentedHome
beforeAll(async () => {
  home = await DocumentedHome.open()
})
afterAll(async () => {
  await home.close()
})

describe.each(PAGES.filter(({ text }) => text.includes('```console')))(
  '$file',
  ({ file, text }) => {
    test.each(consoleBlocks(file, text).map(block => ({ name: nameOf(block), block })))(
      '$name',
      async ({ block }) => {
        const archives = block.steps.some(({ command }) => command.includes('backup binlog'))
        await (archives ? home.enterFresh(block.state) : home.enter(block.state))
        for (const { command, output: shown, status } of block.steps) {
          const ended = await home.run(command)
          expect.soft(ended.status, `${command}\n${ended.output}`).toBe(status)
          if (shown === null || looksAsShown(shown, ended.output)) continue
          expect.soft(ended.output, `$ ${command}`).toBe(shown.join('\n'))
        }
      },
    )
  },
)

function nameOf({ line, steps }: ConsoleBlock): string {
  return `line ${line}: ${steps[0]?.command.split('\n')[0]}`
}

test.each(PAGES)(
  '$file: links to files and headings of the project lead somewhere',
  ({ file, text }) => {
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [path = '', heading] = target.split('#')
      const other = path ? join(packageRoot(), file, '..', path) : join(packageRoot(), file)
      const found = readFileSync(other, 'utf8')
      if (heading) expect(headingsOf(found), `${file}: ${target}`).toContain(heading)
    }
  },
)

/** GitHub's anchors. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test('the npm scripts that README names are there', () => {
  const { scripts } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'))
  const named = [...(PAGES[0]?.text ?? '').matchAll(/^npm (?:run )?([\w:-]+)/gm)].map(
    ([, name]) => name,
  )
  expect(named.length).toBeGreaterThan(0)
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named))
})
