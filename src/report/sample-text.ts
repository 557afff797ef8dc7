import { formatBytes, formatCount } from '#core/units'

/** The files of a sample as text for people, one line each. */
export function renderSample(
  files: readonly { file: string; rows: number; sizeBytes: number }[],
): string {
  const rows = files.reduce((sum, file) => sum + file.rows, 0)
  const width = Math.max(...files.map(({ file }) => file.length))
  return [
    ...files.map(
      ({ file, rows: count, sizeBytes }) =>
        `  ${file.padEnd(width)}  ${formatCount(count).padStart(12)} rows  ${formatBytes(sizeBytes)}`,
    ),
    `${formatCount(rows)} rows in ${files.length} files; \`ecomdb load\` takes them in this order`,
  ].join('\n')
}
