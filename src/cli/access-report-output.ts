import { readSigningKey, signerFingerprint } from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import type { AccessReport } from '#domain/access/access-report'
import { accessReportCsv } from '#report/access-report-csv'
import { accessReportHtml } from '#report/access-report-html'
import type { Outcome } from './base-command.ts'
import { writeOutput } from './write-output.ts'

export const ACCESS_REPORT_FORMATS = ['html', 'csv', 'json'] as const

/**
 * The report in the format asked for. HTML has the signed statement in it; JSON is the signed
 * statement; beside a CSV file it stands as FILE.signed.json.
 */
export async function outputAccessReport(
  report: AccessReport,
  format: (typeof ACCESS_REPORT_FORMATS)[number],
  out: string | undefined,
  signingKeyFile: string | undefined,
): Promise<Outcome<object>> {
  const key = signingKeyFile ? await readSigningKey(signingKeyFile) : null
  const statement = key ? signStatement('access-report', report, key).toString('utf8') : null
  const signer = key ? `${key.signer} (${signerFingerprint(key.signer)})` : null
  const text = {
    html: () => accessReportHtml(report, { statement, signer }),
    csv: () => accessReportCsv(report),
    json: () => statement ?? `${JSON.stringify(report, null, 2)}\n`,
  }[format]()
  const result = { ...report, signer: key?.signer ?? null }
  if (out === undefined) return { result, text }
  const file = await writeOutput(out, text, '--out')
  if (format === 'csv' && statement) await writeOutput(`${out}.signed.json`, statement, '--out')
  const signed = key ? `signed by ${signer}` : 'NOT SIGNED: keys.signing_key_file is not set'
  return { result: { ...result, file }, text: `wrote ${file}, ${signed}` }
}
