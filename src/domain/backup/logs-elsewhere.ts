import type { EngineFamily } from '../engine-family.ts'

/** Settings by which a server keeps a log outside of its data directory, and what of the files is that log. */
const LOGS: Readonly<Record<EngineFamily, Readonly<Record<string, string>>>> = {
  // ib_logfile* before 8.0.30.
  mysql: { innodb_log_group_home_dir: '#innodb_redo or ib_logfile*' },
  mariadb: {
    innodb_log_group_home_dir: 'ib_logfile0',
    aria_log_dir_path: 'aria_log_control and aria_log.*',
  },
}

/** The global variables that name folders of logs. */
export const logFolderSettings = (engine: EngineFamily): string[] => Object.keys(LOGS[engine])

/**
 * Data files come back with the log that belongs to them, and a server that is told of another folder never looks at it:
 * it takes what lies there, the log of before, or of a crash, for that of these files, without a word where it was
 * stopped cleanly (MySQL, innodb_log_group_home_dir; MDEV-13311).
 *
 * @param settings of the snapshot: those are in it whose folder lay outside of the data directory
 * @returns what somebody has to do before a server is started, in words
 */
export function logsElsewhere(
  engine: EngineFamily,
  settings: Readonly<Record<string, string>>,
): string[] {
  return Object.entries(LOGS[engine]).flatMap(([setting, files]) => {
    const folder = settings[setting]
    return folder === undefined
      ? []
      : [
          `the source kept a log outside of its data directory, ${setting} = ${folder}: a server that is started with that setting takes what lies there for the log of these files. Before its first start remove ${files} there, and put ${files} of these files in its place, where they have it`,
        ]
  })
}
