import { string } from '@oclif/core/args'
import { boolean, integer, string as text } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '#cli/base-command'
import {
  configFrom,
  dryRunFlag,
  fromFlag,
  identityFlags,
  serverFlags,
  targetFlags,
} from '#cli/flags'
import { type MomentFlagValues, momentFlags, momentOf, restoreOptionsOf } from '#cli/restore-flags'
import { restoreAccess, restorePlace } from '#cli/restore-wiring'
import { engineFor, wire } from '#cli/wire'
import type { Config } from '#config/config'
import { systemClock } from '#core/clock'
import { EcomdbError, EXIT, type ExitStatus } from '#core/errors'
import { filesMomentText, momentRestoreText } from '#report/moment-restore-text'
import { physicalRestoreText } from '#report/physical-restore-text'
import { restoreText } from '#report/restore-text'
import type { Leftover } from '#workflow/restore/data-folder-mark'
import { restoreFilesToMoment } from '#workflow/restore/restore-files-to-moment'
import type { RestoreReport } from '#workflow/restore/restore-options'
import { restorePhysically } from '#workflow/restore/restore-physically'
import { restoreProvedFiles } from '#workflow/restore/restore-proved-files'
import { restoreSnapshot } from '#workflow/restore/restore-snapshot'
import { restoreToMoment } from '#workflow/restore/restore-to-moment'

export default class Restore extends BaseCommand {
  static override summary = 'restore a snapshot into a server, and prove that it came back'

  static override description =
    'Makes databases, tables, rows, programs, accounts and grants, then reads everything back and compares it with the snapshot: every chunk of rows by its hash, every definition byte for byte. A database that is there and holds anything is refused. People come back locked, events disabled. With --data-dir the files of a physical snapshot are written into an empty directory, prepared and checked; a server is then yours to start. With --prove a private one has read every table on them before. With --at, --gtid or --before-gtid the newest snapshot before that moment is taken, and the archived binary log replayed from there, to the transaction; with --data-dir too, through a private server on the files. An audit trail that comes back is told apart from one that was rolled back: the restore is signed in it where the audit key is. Where something is left to do before the server is used (the restore could not be signed, erased persons or leavers came back, an anchor was not read, who may grant a MariaDB role is not known, a table lies in the data directory that the log put elsewhere, a trigger was invalid on the source and is left out), it is named and the exit status is 3. If a restore is interrupted, the next one says so; --resume continues it, and --start-over removes what it made before it begins again.'

  static override examples = [
    '<%= config.bin %> <%= command.id %> latest --dry-run',
    '<%= config.bin %> <%= command.id %> latest --confirm shop',
    '<%= config.bin %> <%= command.id %> latest --databases shop --confirm shop --no-binlog',
    "<%= config.bin %> <%= command.id %> --at '2026-11-20 13:37:00+01:00' --dry-run",
    '<%= config.bin %> <%= command.id %> latest --table shop.orders --into shop_yesterday --confirm shop_yesterday',
    '<%= config.bin %> <%= command.id %> latest --data-dir /var/lib/mysql',
    '<%= config.bin %> <%= command.id %> latest --data-dir /var/lib/mysql --prove',
    "<%= config.bin %> <%= command.id %> --data-dir /var/lib/mysql --at '2026-11-20 13:37:00+01:00'",
  ]

  static override exits = [EXIT.FINDINGS, EXIT.LOCKED, EXIT.VERIFICATION_FAILED]

  static override args = {
    snapshot: string({
      description:
        "a snapshot id, the beginning of one, or 'latest'; for a moment, the newest before",
    }),
  }

  static override flags = {
    databases: text({
      multiple: true,
      delimiter: ',',
      helpValue: 'NAME',
      summary:
        'restore these databases only, with the accounts that their programs run as and no others',
    }),
    table: text({
      multiple: true,
      helpValue: 'DATABASE.TABLE',
      dependsOn: ['into'],
      summary: 'this table only, with --into; can be repeated for tables of the same database',
    }),
    into: text({
      helpValue: 'NAME',
      summary: 'restore the one database, or the tables of it, into a new database of this name',
    }),
    'data-dir': text({
      helpValue: 'FOLDER',
      exclusive: ['databases', 'table', 'into', 'binlog', 'service'],
      summary:
        'a physical snapshot: write its data files into this empty directory; with a moment, replay the log on them',
    }),
    prove: boolean({
      dependsOn: ['data-dir'],
      summary:
        'with --data-dir: let a private server read every table on the files, compare them with a logical snapshot of the same position, and stop it',
    }),
    confirm: text({
      helpValue: 'NAME',
      summary: 'the name of a database that is restored: nothing is changed without it',
    }),
    ...momentFlags,
    ...dryRunFlag,
    resume: boolean({
      exclusive: ['start-over'],
      summary: 'continue a restore that was interrupted here: what it has loaded stays',
    }),
    'start-over': boolean({
      summary:
        'remove what an interrupted restore made here, by its journal or its mark, and begin again',
    }),
    binlog: boolean({
      allowNo: true,
      summary: "write to the server's binary log, for its replicas; the default without a moment",
    }),
    service: text({
      multiple: true,
      helpValue: 'USER[@HOST]',
      summary: "a program's account, which does not come back locked; can be repeated",
    }),
    connections: integer({ default: 2, min: 1, max: 32, summary: 'for loading and reading back' }),
    ...serverFlags,
    ...targetFlags,
    ...fromFlag,
    ...identityFlags,
  }

  protected override async execute(): Promise<Outcome<object>> {
    const { args, flags } = await this.parse(Restore)
    const config = await configFrom(flags)
    const folder = flags['data-dir']
    if (folder === '') throw noFolder()
    if (folder !== undefined) return await this.#files(args.snapshot, folder, flags, config)
    await this.askOperator(config, !flags['dry-run'] && flags.confirm !== undefined)
    const moment = momentOf(flags)
    const target = await wire.target(config)
    const options = { ...restoreOptionsOf(args.snapshot, flags, moment), archive: target }
    const access = await restoreAccess(config)
    const place = await restorePlace(config)
    if (moment) {
      const from = { access, target }
      const result = await restoreToMoment(options, moment, from, place, systemClock, this.progress)
      return { result, text: momentRestoreText(result), status: statusOf(result) }
    }
    const result = await restoreSnapshot(options, access, place, systemClock, this.progress)
    return { result, text: restoreText(result), status: statusOf(result) }
  }

  async #files(
    snapshot: string | undefined,
    dataFolder: string,
    flags: MomentFlagValues & FilesFlagValues,
    config: Config,
  ): Promise<Outcome<object>> {
    const { auditDatabase = 'ecomdb_audit' } = config.server
    const what = { snapshot: snapshot ?? 'latest', dataFolder, auditDatabase }
    const leftover = leftoverOf(flags)
    const options = { ...what, dryRun: flags['dry-run'], leftover }
    const readers = flags.prove ? flags.connections : null
    const access = await restoreAccess(config)
    const moment = momentOf(flags)
    if (moment) {
      const from = { access, target: await wire.target(config) }
      const result = await restoreFilesToMoment(
        { ...options, readers },
        moment,
        from,
        engineFor,
        systemClock,
        this.progress,
      )
      return { result, text: filesMomentText(result), status: filesStatusOf(result) }
    }
    const how = [access, engineFor, systemClock, this.progress] as const
    const result =
      readers === null
        ? await restorePhysically(options, ...how)
        : await restoreProvedFiles(options, readers, ...how)
    return { result, text: physicalRestoreText(result), status: filesStatusOf(result) }
  }
}

interface FilesFlagValues {
  'dry-run': boolean
  'start-over': boolean
  resume: boolean
  connections: number
  prove: boolean
}

const leftoverOf = (flags: FilesFlagValues): Leftover =>
  flags.resume ? 'keep' : flags['start-over'] ? 'remove' : 'refuse'

/** What came back is right; what somebody has to do yet is a finding. */
function filesStatusOf({ findings }: { findings: readonly string[] }): ExitStatus {
  return findings.length > 0 ? EXIT.FINDINGS : EXIT.DONE
}

function statusOf({ findings, outcome }: RestoreReport): ExitStatus {
  return filesStatusOf({ findings: [...findings, ...(outcome?.trail?.findings ?? [])] })
}

/** An unset variable of a shell, which would be the working directory. */
function noFolder(): EcomdbError {
  return new EcomdbError('USAGE', {
    what: '--data-dir names no folder',
    hints: ['give an empty directory, or one that does not exist yet'],
  })
}
