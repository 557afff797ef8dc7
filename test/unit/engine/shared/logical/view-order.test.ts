import { expect, test } from 'vitest'
import { inOrderOfUse } from '#engine/shared/logical/view-order'

const view = (schema: string, name: string, definition: string) => ({ schema, name, definition })
const order = (views: ReturnType<typeof view>[]): string[] =>
  inOrderOfUse(views, one => one.definition).map(({ schema, name }) => `${schema}.${name}`)

test('a view comes after the views that it uses, across databases too', () => {
  const views = [
    view('a', 'first', 'select 1 from `b`.`base` join `a`.`last`'),
    view('a', 'last', 'select `t`.`x` from `a`.`t`'),
    view('b', 'base', 'select 1 from `a`.`last`'),
  ]
  expect(order(views)).toEqual(['a.last', 'b.base', 'a.first'])
})

test('odd names, and a circle, which a server allows by replacing a view', () => {
  const views = [
    view('a', 'one', 'select 1 from `a`.`two ``x```'),
    view('a', 'two `x`', 'select 1 from `a`.`one`'),
    view('a', 'three', 'select 1 from `a`.`one`'),
  ]
  expect(order(views).toSorted()).toEqual(['a.one', 'a.three', 'a.two `x`'])
  expect(order(views).indexOf('a.three')).toBe(2)
})
