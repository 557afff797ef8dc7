// Arrows point down only (CONTRIBUTING.md). src/layers.json lists what each layer may
// import besides itself; test/unit/tidy.test.ts reads the same table.
const may = require('./src/layers.json')

const layers = Object.keys(may)

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    ...layers.map(layer => ({
      name: `${layer}-arrows-point-down`,
      severity: 'error',
      from: { path: `^src/${layer}/` },
      to: { path: `^(src/(?!(${[layer, ...may[layer]].join('|')})/)|commands/)` },
    })),
    {
      name: 'workflow-uses-seams-only',
      comment: 'Only src/cli/wire.ts names a concrete engine or target.',
      severity: 'error',
      from: { path: '^src/(workflow|repository)/' },
      to: { path: '^src/(engine/(mysql|mariadb|shared)|target/(dir|s3|wrap))/' },
    },
    {
      name: 'commands-stay-thin',
      severity: 'error',
      from: { path: '^commands/' },
      to: { path: '^src/(engine|target|crypto|repository|process)/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['import', 'node', 'default'] },
    doNotFollow: { path: 'node_modules' },
  },
}
