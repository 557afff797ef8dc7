import { EcomdbError } from '#core/errors'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import { findTool } from '#process/find-tool'
import type { ProgramCommand } from '#process/program'
import type { ToolFact } from './facts.ts'

interface EngineTool {
  name: Record<EngineFamily, string>
  purpose: string
  needed: boolean
}

const ENGINE_TOOLS: readonly EngineTool[] = [
  {
    name: { mysql: 'mysqld', mariadb: 'mariadbd' },
    purpose: 'sandboxes and drills run a private server',
    needed: true,
  },
  {
    name: { mysql: 'mysql', mariadb: 'mariadb' },
    purpose: '`ecomdb sandbox shell`, and a restore by hand',
    needed: false,
  },
]

/** Programs on this host. */
export async function gatherTools(
  families: EngineFamily | readonly EngineFamily[],
  engineFor: (family: EngineFamily) => Promise<Engine>,
): Promise<ToolFact[]> {
  const restoreByHand = 'RESTORE.md uses it: a restore without ecomdb'
  const facts = ['age', 'zstd'].map(name => ({
    name,
    purpose: restoreByHand,
    needed: false,
    path: pathOf(() => findTool(name)),
  }))
  for (const family of [families].flat()) {
    const engine = await engineFor(family)
    for (const { name, purpose, needed } of ENGINE_TOOLS) {
      const program = name[family]
      const path = pathOf(() => engine.installation().program(program))
      facts.push({ name: program, purpose, needed, path })
    }
  }
  return facts
}

function pathOf(find: () => ProgramCommand): string | null {
  try {
    const { file, args } = find()
    // A program of a newer libc is started by its own loader; its path is the last argument.
    return args.findLast(argument => argument.startsWith('/')) ?? file
  } catch (error) {
    if (error instanceof EcomdbError) return null
    throw error
  }
}
