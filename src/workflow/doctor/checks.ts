import { backupPrivileges } from './checks/backup-privileges.ts'
import { brokerSocket } from './checks/broker-socket.ts'
import { clockSkew } from './checks/clock-skew.ts'
import { configuration } from './checks/configuration.ts'
import { copies } from './checks/copies.ts'
import { deleteRight } from './checks/delete-right.ts'
import { diskSpace } from './checks/disk-space.ts'
import { keyFiles } from './checks/key-files.ts'
import { operatorCode } from './checks/operator-code.ts'
import { privateKeys } from './checks/private-keys.ts'
import { recipients } from './checks/recipients.ts'
import { sealingKeys } from './checks/sealing-keys.ts'
import { serverReachable } from './checks/server-reachable.ts'
import { serverVersion } from './checks/server-version.ts'
import { targetRepository } from './checks/target-repository.ts'
import { tools } from './checks/tools.ts'
import type { Check } from './facts.ts'

/** Every check, in the order in which it is shown. */
export const CHECKS: readonly Check[] = [
  configuration,
  serverReachable,
  serverVersion,
  backupPrivileges,
  clockSkew,
  targetRepository,
  deleteRight,
  copies,
  diskSpace,
  brokerSocket,
  operatorCode,
  keyFiles,
  recipients,
  privateKeys,
  sealingKeys,
  tools,
]
