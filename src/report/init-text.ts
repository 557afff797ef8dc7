import { shellWord } from '#core/shell-word'

/** Structurally what `ecomdb init` gives back. */
interface InitFacts {
  configFile: string
  dryRun: boolean
  items: readonly { path: string; purpose: string; action: 'create' | 'keep' | 'gone' }[]
  signer: string | null
  takeAway: readonly string[]
}

/** What init did, or would do, and what the user must do now. */
export function initText({ configFile, dryRun, items, signer, takeAway }: InitFacts): string {
  const verb = { create: dryRun ? 'would make' : 'made', keep: 'kept', gone: 'gone' }
  const width = dryRun ? 10 : 4
  const lines = items.map(
    ({ path, purpose, action }) =>
      `${verb[action].padEnd(width)}  ${path}\n${' '.repeat(width)}    ${purpose}`,
  )
  if (dryRun) return [...lines, '', 'dry run: nothing was written'].join('\n')
  return [
    ...lines,
    '',
    ...(takeAway.length
      ? [
          'TAKE AWAY NOW, to another place than this host and the backups, and delete here:',
          ...takeAway.map(path => `  ${path}`),
          'Whoever holds such a key can read every backup; when all are lost, nobody can.',
          '',
        ]
      : []),
    ...(signer ? [`signer: ${signer}`] : []),
    `next:   ecomdb doctor --config ${shellWord(configFile)}`,
  ].join('\n')
}
