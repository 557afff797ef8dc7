import { expect, test } from 'vitest'
import { drawSchema } from '#report/draw-schema'
import { TEST_ENGINES } from '#test/engines'
import { makeOddSchema } from '#test/odd-schema'
import { withDatabase } from '#test/servers'

test.each(TEST_ENGINES)(
  '%s: the diagram of odd names is the same as ever, and draws',
  async family => {
    await withDatabase(family, async ({ engine, session, database }) => {
      await makeOddSchema(session, database)
      const schema = await engine.schemaObserver.observe(session, database)
      const dot = await drawSchema(schema, 'dot')
      const stable = dot.replaceAll(database, 'DATABASE').replaceAll(schema.flavor, 'FLAVOR')
      await expect(stable).toMatchFileSnapshot(`../../golden/${family}/odd-schema.dot`)

      const svg = await drawSchema(schema, 'svg')
      expect(svg).toContain('odd &quot;a\\&quot; &lt;b&gt;&amp;amp; `c`')
      expect(svg.match(/class="edge"/g)).toHaveLength(6)
    })
  },
)
