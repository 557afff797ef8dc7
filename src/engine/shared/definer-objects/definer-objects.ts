import { type DefinerRight, mergeRights, rightsFor } from '#domain/access/definer-object'
import type { DefinerObjects } from '../../definer-objects.ts'
import { readProgram } from '../logical/read-programs.ts'
import { ownStores } from '../own-store/own-store.ts'
import { listDefinerObjects } from './list-objects.ts'
import {
  readHeldRights,
  readNamedObjects,
  rightStatement,
  tablesWithoutSelect,
  widerForViews,
} from './read-rights.ts'
import { disableEvents, rehome } from './rehome.ts'

export const definerObjects: DefinerObjects = {
  list: listDefinerObjects,
  async rights(session, objects) {
    if (objects.length === 0) return []
    const definers = new Map(objects.map(({ definer }) => [JSON.stringify(definer), definer]))
    const held = await readHeldRights(session, [...definers.values()])
    const named = await readNamedObjects(session)
    const half = await tablesWithoutSelect(session)
    const needed: DefinerRight[] = []
    for (const object of objects) {
      const { kind, schema, name } = object
      const { create } = await readProgram(session, { kind, schema, name })
      const rights = rightsFor(object, create, held, named)
      needed.push(...rights)
      if (kind === 'view') needed.push(...widerForViews(rights, held, half, object))
    }
    return mergeRights(needed)
  },
  rightStatement,
  disableEvents,
  async rehome(session, objects, to) {
    return await rehome(session, await ownStores.ensureStore(session, 'access'), objects, to)
  },
}
