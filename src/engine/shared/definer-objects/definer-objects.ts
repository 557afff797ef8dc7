import { mergeRights, rightsFor } from '#domain/access/definer-object'
import type { DefinerObjects } from '../../definer-objects.ts'
import { readProgram } from '../logical/read-programs.ts'
import { ownStores } from '../own-store/own-store.ts'
import { listDefinerObjects } from './list-objects.ts'
import { readHeldRights, readNamedObjects, rightStatement } from './read-rights.ts'
import { disableEvents, rehome } from './rehome.ts'

export const definerObjects: DefinerObjects = {
  list: listDefinerObjects,
  async rights(session, objects) {
    if (objects.length === 0) return []
    const definers = new Map(objects.map(({ definer }) => [JSON.stringify(definer), definer]))
    const held = await readHeldRights(session, [...definers.values()])
    const named = await readNamedObjects(session)
    const needed = []
    for (const object of objects) {
      const { kind, schema, name } = object
      const { create } = await readProgram(session, { kind, schema, name })
      needed.push(...rightsFor(object, create, held, named))
    }
    return mergeRights(needed)
  },
  rightStatement,
  disableEvents,
  async rehome(session, objects, to) {
    return await rehome(session, await ownStores.ensureStore(session, 'access'), objects, to)
  },
}
