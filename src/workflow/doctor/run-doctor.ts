import type { Progress } from '#core/progress'
import { CHECKS } from './checks.ts'
import type { Finding } from './facts.ts'
import { type DoctorPorts, gatherFacts } from './gather-facts.ts'

export interface DoctorResult {
  findings: readonly Finding[]
  /** How many need something to be done. */
  warnings: number
  failures: number
}

/** `ecomdb doctor`: looks at server, target, keys, tools and disks; changes nothing. */
export async function runDoctor(ports: DoctorPorts, progress: Progress): Promise<DoctorResult> {
  progress.stage('looking at server, target, keys and tools')
  const facts = await gatherFacts(ports)
  const findings = CHECKS.flatMap(check => check(facts))
  const count = (status: Finding['status']): number =>
    findings.filter(finding => finding.status === status).length
  return { findings, warnings: count('warn'), failures: count('fail') }
}
