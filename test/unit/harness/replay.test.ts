import { describe, expect, test } from 'vitest'
import { ENGINE_FAMILIES, type EngineFamily } from '#domain/engine-family'
import { Random } from '#domain/sample/random'
import { drawProbes, PROBES } from '#harness/replay/probes/probe'
import { drawSettings } from '#harness/replay/settings'
import { differences } from '#harness/replay/state'
import { aboutAccounts } from '#harness/replay/statements/accounts'
import { change } from '#harness/replay/statements/changes'
import { Known } from '#harness/replay/statements/known'
import { aboutPrograms } from '#harness/replay/statements/programs'
import { aboutTables, alterTable, createTable } from '#harness/replay/statements/tables'
import { aboutVariables, sessionSettings } from '#harness/replay/statements/variables'

const KINDS = [
  ...[change, createTable, alterTable, aboutTables, aboutPrograms, aboutAccounts, aboutVariables],
  (known: Known) => sessionSettings(known).join('; '),
]

function statements(family: EngineFamily, seed: number, rounds: number): string[] {
  const known = new Known(family, new Random(seed), true)
  const columns = ['int', 'varchar', 'datetime', 'blob', 'json', 'geometry'].map((type, at) => ({
    ...{ name: `c${at}`, type, isGenerated: at === 3, isPrimary: at === 0 },
  }))
  known.columns.set('t4', columns)
  return Array.from({ length: rounds }, () => KINDS.map(kind => kind(known))).flat()
}

describe.each(ENGINE_FAMILIES)('%s', family => {
  test('the same seed gives the same statements and settings, another seed others', () => {
    expect(statements(family, 7, 50)).toEqual(statements(family, 7, 50))
    expect(statements(family, 7, 50)).not.toEqual(statements(family, 8, 50))
    const settings = (seed: number) => drawSettings(family, new Random(seed), 'source')
    expect(settings(3)).toEqual(settings(3))
    expect(settings(3)).not.toEqual(settings(4))
  })

  test('what is known and left is not generated', () => {
    const known = [/SETVAL/, /old_passwords|sysdate.is.now|alter_algorithm/, /connection = ucs2/]
    const here = {
      mariadb: [/unique_checks/, /CREATE ROLE/, /SET timestamp/, /insert_history/],
      mysql: [/CHECK \(/],
    }[family]
    const globals = drawAll(seed => drawSettings(family, new Random(seed), 'source').globals)
    const all = [...statements(family, 1, 400), ...globals]
    expect(all.filter(text => [...known, ...here].some(one => one.test(text)))).toEqual([])
  })

  test('every statement has its values', () => {
    const all = statements(family, 2, 400)
    expect(all.filter(text => /undefined|\[object|\(\) =>/.test(text))).toEqual([])
  })

  test('probes have names of their own, and are drawn by the seed', () => {
    const names = PROBES[family].map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    const drawn = (seed: number) => drawProbes(family, new Random(seed), 10)
    expect(drawn(1)).toHaveLength(10)
    expect(drawn(1)).toEqual(drawn(1))
    expect(drawn(1)).not.toEqual(drawn(2))
    expect(new Set(drawAll(drawn)).size).toBe(names.length)
  })
})

function drawAll<Item>(draw: (seed: number) => readonly Item[]): Item[] {
  return Array.from({ length: 60 }, (_, seed) => draw(seed)).flat()
}

test('what the target has otherwise, more or less is named with both values', () => {
  const source = new Map([
    ['rows shop.a', '1'],
    ['rows shop.b', '2'],
    ['view shop.c', 'x'],
  ])
  expect(differences(source, new Map(source))).toEqual([])
  const target = new Map([
    ['rows shop.a', '1'],
    ['rows shop.b', '3'],
    ['event shop.d', 'y'],
  ])
  expect(differences(source, target)).toEqual([
    'rows shop.b\n   source: 2\n   target: 3',
    'view shop.c\n   source: x\n   target: (none)',
    'event shop.d\n   source: (none)\n   target: y',
  ])
})
