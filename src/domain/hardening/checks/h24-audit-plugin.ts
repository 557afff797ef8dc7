import {
  type Evidence,
  fail,
  failIf,
  type HardeningCheck,
  type Judgement,
  notApplicable,
  type Remedy,
} from '../check.ts'
import type { HardeningFacts } from '../facts.ts'
import { isOn } from '../variables.ts'

/** Community MySQL comes with none; the builds that do say so in @@version_comment. */
const WITH_AUDIT = /enterprise|commercial|percona/i

export const auditPlugin: HardeningCheck = {
  id: 'H24',
  title: 'the audit plugin is there, writes, and cannot be unloaded',
  why: 'who can switch the record off and on again has a time of which nobody knows',
  references: ['PCI DSS 10.2.1', 'ASVS 16.4.2'],
  severity: 'medium',
  judge: facts => (facts.family === 'mysql' ? onMysql : onMariadb)(facts),
}

function onMysql({ plugins, versionComment }: HardeningFacts): Judgement {
  const name = ['audit_log', 'audit_log_filter'].find(one => plugins.get(one)?.active)
  if (name) {
    return failIf(
      plugins.get(name)?.pinned ? [] : [{ subject: name, detail: `${name} can be unloaded` }],
      [{ kind: 'file', lines: [`${name} = FORCE_PLUS_PERMANENT`] }],
      { subject: name, detail: `${name} is active and pinned` },
    )
  }
  if (!WITH_AUDIT.test(versionComment)) {
    return notApplicable(
      `MySQL ${versionComment} comes without an audit plugin; the tables that matter can have ecomdb's own trail`,
    )
  }
  return fail(
    [{ subject: 'audit_log', detail: 'no audit plugin or component is active' }],
    [{ kind: 'advice', text: 'install the audit plugin that this build of MySQL comes with' }],
  )
}

function onMariadb(facts: HardeningFacts): Judgement {
  const name = 'server_audit'
  const plugin = facts.plugins.get(name)
  const lines = [
    'plugin_load_add = server_audit',
    'server_audit = FORCE_PLUS_PERMANENT',
    'server_audit_logging = ON',
    'server_audit_events = CONNECT,QUERY_DDL,QUERY_DCL',
  ]
  if (!plugin?.active) {
    return fail([{ subject: name, detail: `${name} is not loaded` }], [{ kind: 'file', lines }])
  }
  const writes = isOn(facts, 'server_audit_logging')
  const wrong: Evidence[] = [
    ...(writes
      ? []
      : [{ subject: 'server_audit_logging', detail: 'it is loaded, and writes nothing' }]),
    ...(plugin.pinned ? [] : [{ subject: name, detail: `${name} can be unloaded` }]),
  ]
  const remedies: Remedy[] = [
    ...(writes ? [] : [{ kind: 'setting', name: 'server_audit_logging', value: 'ON' } as const]),
    ...(plugin.pinned ? [] : [{ kind: 'file', lines } as const]),
  ]
  return failIf(wrong, remedies, { subject: name, detail: `${name} writes, and is pinned` })
}
