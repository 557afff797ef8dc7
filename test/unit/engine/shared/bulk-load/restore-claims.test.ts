import { expect, test } from 'vitest'
import { remadeSince } from '#engine/shared/bulk-load/restore-claims'

const claim = (id: string, database: string, turn: number) => ({
  ...{ id, database, turn },
  isLogged: true,
})

test('a database is remade where another restore has claimed it later', () => {
  const claims = [claim('own', 'shop', 2), claim('own', 'chat', 3), claim('other', 'shop', 4)]
  expect(remadeSince(claims, 'own')).toEqual(['shop'])
  expect(remadeSince([...claims, claim('before', 'chat', 1)], 'own')).toEqual(['shop'])
})

test('of one that has a mark and no claims each of another counts, and none of its own tries', () => {
  const marked = { databases: ['shop', 'chat'], tries: ['own', 'again'] }
  const claims = [claim('other', 'shop', 1), claim('other', 'mall', 2), claim('again', 'chat', 3)]
  expect(remadeSince(claims, 'own', marked)).toEqual(['shop'])
  // Without a mark it has made nothing.
  expect(remadeSince(claims, 'own')).toEqual([])
  const later = [claim('own', 'chat', 2), claim('again', 'chat', 3)]
  expect(remadeSince(later, 'own', marked)).toEqual([])
})
