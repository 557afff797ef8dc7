import { failIf, type HardeningCheck } from '../check.ts'

const SAMPLES = ['test', 'sakila', 'world', 'world_x', 'employees', 'airportdb', 'menagerie']

export const noSampleSchema: HardeningCheck = {
  id: 'H21',
  title: 'there is no test or sample schema',
  why: 'they are often open to everybody, and nobody looks at what is in them',
  references: ['CIS 4.2', 'PCI DSS 6.5.6'],
  severity: 'low',
  judge({ schemas }) {
    const found = schemas.filter(
      ({ name }) => SAMPLES.includes(name.toLowerCase()) || /^test_/i.test(name),
    )
    return failIf(
      found.map(({ name, tables }) => ({ subject: name, detail: `${name} has ${tables} tables` })),
      // What holds tables is somebody's, whatever its name.
      found.map(({ name, tables }) =>
        tables === 0
          ? { kind: 'drop-schema', schema: name }
          : { kind: 'advice', text: `see whose ${name} is, and drop it when it is nobody's` },
      ),
      { subject: 'schemas', detail: `${schemas.length} schemas, none of these names` },
    )
  },
}
