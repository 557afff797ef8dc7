import type { HardeningCheck } from './check.ts'
import { tlsRequired } from './checks/h01-tls-required.ts'
import { remoteAccountsUseTls } from './checks/h02-remote-accounts-use-tls.ts'
import { tlsVersion } from './checks/h03-tls-version.ts'
import { noAnonymousAccount } from './checks/h04-no-anonymous-account.ts'
import { noEmptyPassword } from './checks/h05-no-empty-password.ts'
import { noWildcardHost } from './checks/h06-no-wildcard-host.ts'
import { noLegacyHash } from './checks/h07-no-legacy-hash.ts'
import { powerfulPrivileges } from './checks/h08-powerful-privileges.ts'
import { serverAdministration } from './checks/h09-server-administration.ts'
import { serverTables } from './checks/h10-server-tables.ts'
import { nothingForAll } from './checks/h11-nothing-for-all.ts'
import { noOrphanDefiner } from './checks/h12-no-orphan-definer.ts'
import { lockedDefiners } from './checks/h13-locked-definers.ts'
import { passwordRules } from './checks/h14-password-rules.ts'
import { passwordReuse } from './checks/h15-password-reuse.ts'
import { throttledLogins } from './checks/h16-throttled-logins.ts'
import { noLocalInfile } from './checks/h17-no-local-infile.ts'
import { fileFolder } from './checks/h18-file-folder.ts'
import { strictMode } from './checks/h19-strict-mode.ts'
import { bindAddress } from './checks/h20-bind-address.ts'
import { noSampleSchema } from './checks/h21-no-sample-schema.ts'
import { binaryLog } from './checks/h22-binary-log.ts'
import { binlogEncryption } from './checks/h23-binlog-encryption.ts'
import { auditPlugin } from './checks/h24-audit-plugin.ts'
import { eventScheduler } from './checks/h25-event-scheduler.ts'
import { idleTime } from './checks/h26-idle-time.ts'
import { noPlainStatements } from './checks/h27-no-plain-statements.ts'
import { clock } from './checks/h28-clock.ts'
import { noStaleAccount } from './checks/h29-no-stale-account.ts'
import { chatTriggers } from './checks/h30-chat-triggers.ts'

/** Every check, in the order in which it is shown. */
export const HARDENING_CHECKS: readonly HardeningCheck[] = [
  tlsRequired,
  remoteAccountsUseTls,
  tlsVersion,
  noAnonymousAccount,
  noEmptyPassword,
  noWildcardHost,
  noLegacyHash,
  powerfulPrivileges,
  serverAdministration,
  serverTables,
  nothingForAll,
  noOrphanDefiner,
  lockedDefiners,
  passwordRules,
  passwordReuse,
  throttledLogins,
  noLocalInfile,
  fileFolder,
  strictMode,
  bindAddress,
  noSampleSchema,
  binaryLog,
  binlogEncryption,
  auditPlugin,
  eventScheduler,
  idleTime,
  noPlainStatements,
  clock,
  noStaleAccount,
  chatTriggers,
]
