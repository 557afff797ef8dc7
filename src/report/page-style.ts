/** Told apart without colour too: a legend is in the same order, and neighbours differ in lightness. */
export const SERIES = [
  ...['#1b4f72', '#5dade2', '#196f3d', '#7dcea0', '#7e5109', '#f5b041', '#6c3483', '#bb8fce'],
]

/** The same on dark paper, where the dark ones would be hard to see. */
const DARK_SERIES = [
  ...['#2e86c1', '#aed6f1', '#27ae60', '#a9dfbf', '#ca6f1e', '#f8c471', '#a569bd', '#d7bde2'],
]

const seriesStyle = (colours: readonly string[]): string =>
  colours.map((colour, place) => `.s${place} { fill: ${colour} }`).join(' ')

/**
 * Of every page: system fonts, two palettes of which each text has a contrast of 4.5 to 1 at least
 * (test/browser/pages.test.ts measures it), and a third for paper.
 */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --soft: #555; --line: #d0d5da; --field: #f3f5f7; --good: #196f3d; --bad: #a93226; --warn: #7e5109; --l1: #7dcea0; --l2: #f5b041; --l3: #dc7633; --l4: #a93226 }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #16191c; --soft: #a8b0b8; --line: #3a4148; --field: #21262b; --good: #7dcea0; --bad: #f1948a; --warn: #f5b041 } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 }
main { max-width: 64rem; margin: 2rem auto; padding: 0 1rem }
header { border-left: .5rem solid var(--line); padding: .25rem 0 .25rem 1rem; margin-bottom: 1.5rem }
header { overflow-wrap: anywhere } header p { margin: .25rem 0 0 }
header.good { border-color: var(--good) } header.bad { border-color: var(--bad) } header.warn { border-color: var(--warn) }
.verdict { margin: 0; font-weight: bold; text-transform: uppercase; letter-spacing: .08em }
.good .verdict, dd.good, p.good, .badge.good { color: var(--good) }
.bad .verdict, dd.bad, p.bad, .badge.bad { color: var(--bad) }
.warn .verdict, dd.warn, p.warn, .badge.warn { color: var(--warn) }
p.bad, p.warn, .badge { font-weight: bold } .badge { white-space: nowrap }
h1 { margin: 0; font-size: 1.5rem; line-height: 1.25 } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
.figures { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 1.5rem 0 }
.figures dt { color: var(--soft) } .figures dd { margin: 0; font-size: 1.6rem; font-variant-numeric: tabular-nums }
.figures dd.note { font-size: .9rem; color: var(--soft) }
.wide { overflow-x: auto } .wide + .wide { margin-top: 1.5rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); overflow-wrap: break-word }
td:last-child { overflow-wrap: anywhere }
thead th { white-space: nowrap; overflow-wrap: normal } tbody th { font-weight: normal }
.facts th { color: var(--soft); white-space: nowrap }
tfoot th, tfoot td { font-weight: bold; border-bottom: 0 }
.narrow { white-space: nowrap; overflow-wrap: normal; width: 1% }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.strong { font-weight: 600 } .note { color: var(--soft); font-size: .9rem }
.level { display: inline-flex; gap: 2px; vertical-align: middle; margin-right: .3rem } .level i { width: .55rem; height: .8rem; border-radius: 2px; background: var(--line) }
${[1, 2, 3, 4].map(level => `.level .l${level} { background: var(--l${level}) }`).join(' ')}
ul { margin: .25rem 0; padding-left: 1.2rem }
pre { margin: .35rem 0; padding: .5rem .7rem; background: var(--field); border-radius: .25rem; font: .85rem/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere }
figure { margin: 1.5rem 0 } figcaption { font-weight: 600 }
svg.plot { width: 100%; height: auto; display: block } svg.plot text { font: 11px system-ui, sans-serif; fill: var(--soft) }
.axis { stroke: var(--line) } .series { fill: none; stroke: var(--good); stroke-width: 2 } .dot { fill: var(--good) } .limit { stroke: var(--bad); stroke-dasharray: 6 4 }
.bar { width: 100%; height: 1.75rem; display: block } .key { width: .8em; height: .8em }
${seriesStyle(SERIES)}
@media screen and (prefers-color-scheme: dark) { ${seriesStyle(DARK_SERIES)} }
footer { margin: 2rem 0; font-weight: 600 }
@media screen and (max-width: 46rem) { .cards thead { position: absolute; left: -999rem } .cards tr { display: block; padding: .6rem 0; border-bottom: 1px solid var(--line) } .cards th, .cards td { display: block; width: auto; padding: .1rem 0; border: 0; text-align: left; white-space: normal; overflow-wrap: anywhere } .cards tbody th { font-weight: 600 } .cards th .note { font-weight: normal } svg.plot { overflow: visible } svg.plot text { font-size: 20px } .series { stroke-width: 4 } .cards td::before { content: attr(data-label); display: block; font-size: .8rem; color: var(--soft) } .facts th, .facts td { display: block; border: 0; padding: .1rem 0 } .facts tr { display: block; padding: .4rem 0; border-bottom: 1px solid var(--line) } }
@media print { :root { --ink: #000; --paper: #fff; --soft: #444; --line: #bbb; --field: #f3f5f7; --good: #196f3d; --bad: #a93226; --warn: #7e5109 } main { margin: 0; max-width: none } * { print-color-adjust: exact } tr, .figures, figure { break-inside: avoid } h2 { break-after: avoid } thead { display: table-header-group } .wide { overflow: visible } }
`
