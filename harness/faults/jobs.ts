import type { Job } from './job.ts'
import { backupBinlog } from './jobs/binlog.ts'
import { backupLogical, backupVerify, drill, restore } from './jobs/logical.ts'
import { drillAnyMoment, drillFiles, restoreFilesMoment, restoreMoment } from './jobs/moment.ts'
import { backupIncremental, backupPhysical, restoreFiles } from './jobs/physical.ts'
import { backupCopy, backupExpire, keyRotate } from './jobs/upkeep.ts'

/** Add a job here; every fault is tried on each. */
export const JOBS: readonly Job[] = [
  backupLogical,
  backupVerify,
  drill,
  restore,
  backupPhysical,
  backupIncremental,
  restoreFiles,
  backupBinlog,
  restoreMoment,
  restoreFilesMoment,
  drillAnyMoment,
  drillFiles,
  backupCopy,
  backupExpire,
  keyRotate,
]
