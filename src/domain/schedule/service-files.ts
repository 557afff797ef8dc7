/** What a service manager needs to know to run the schedule of one configuration. Pure text. */
export interface ServicePlace {
  /** Begins the names of units: `ecomdb`. */
  name: string
  /** Names the configuration in a crontab. */
  key: string
  /** Absolute paths. */
  program: string
  configFile: string
  stateFolder: string
  cacheFolder: string
  path: string
  /** Whose account the jobs have. */
  user: string
  /** Folders that jobs write to: the repository, copies. */
  writes: readonly string[]
  /** The server's socket lies there, so that it must be seen. */
  usesTmp: boolean
}

export interface ServiceFile {
  name: string
  text: string
}

/**
 * A service that stays, and a timer that looks at it from outside: where the scheduler has
 * stopped, `ecomdb status` finds that out and tells.
 */
export function systemdUnits(place: ServicePlace): ServiceFile[] {
  const { name } = place
  return [
    {
      name: `${name}-schedule.service`,
      text: unit(`ecomdb: the jobs of ${place.configFile}`, [
        '[Service]',
        'Type=exec',
        `ExecStart=${command(place, ['schedule', 'run'])}`,
        'Restart=always',
        'RestartSec=30',
        ...runningOf(place),
        '',
        '[Install]',
        'WantedBy=multi-user.target',
      ]),
    },
    {
      name: `${name}-status.service`,
      text: unit(`ecomdb: are the backups of ${place.configFile} as promised?`, [
        '[Service]',
        'Type=oneshot',
        `ExecStart=${command(place, ['status', '--notify'])}`,
        'TimeoutStartSec=15min',
        ...runningOf(place),
      ]),
    },
    {
      name: `${name}-status.timer`,
      text: [
        '[Unit]',
        'Description=ecomdb: looks at the backups every hour, also when the scheduler has stopped',
        '',
        '[Timer]',
        'OnCalendar=hourly',
        'RandomizedDelaySec=10min',
        'Persistent=true',
        '',
        '[Install]',
        'WantedBy=timers.target',
        '',
      ].join('\n'),
    },
  ]
}

/**
 * Where a disk that comes and goes is mounted below. Its own folder in ReadWritePaths would be a mount of the service's
 * own: whoever unmounts the disk is told that it is done, and the service has it still; and the next disk would
 * not be seen there (mount_namespaces(7)). So the service writes to the folder in which disks are mounted.
 */
export function mountedBelow(directory: string): string {
  const [, first = '', second = ''] = directory.split('/')
  return first === 'run' ? `/${first}/${second}` : `/${first}`
}

function unit(description: string, lines: readonly string[]): string {
  return [
    '[Unit]',
    `Description=${description.replaceAll('%', '%%')}`,
    'Documentation=man:systemd.exec(5)',
    'Wants=network-online.target',
    'After=network-online.target mysql.service mariadb.service',
    '',
    ...lines,
    '',
  ].join('\n')
}

/**
 * What both services may do. No MemoryDenyWriteExecute: JavaScript is compiled as it runs. No
 * secrets: passwords are read from files that ecomdb.yaml names.
 */
function runningOf({
  user,
  stateFolder,
  cacheFolder,
  path,
  writes,
  usesTmp,
}: ServicePlace): string[] {
  return [
    `User=${user}`,
    'UMask=0077',
    // 130: ended by a signal, cleaned up.
    'SuccessExitStatus=130',
    // Jobs are told by the scheduler, and clean up.
    'KillMode=mixed',
    'TimeoutStopSec=90',
    `Environment=${quoted(`ECOMDB_STATE=${stateFolder}`)}`,
    `Environment=${quoted(`ECOMDB_CACHE=${cacheFolder}`)}`,
    `Environment=${quoted(`PATH=${path}`)}`,
    ...[stateFolder, ...writes].map(folder => `ReadWritePaths=${quoted(`-${folder}`)}`),
    'ProtectSystem=strict',
    'ProtectHome=read-only',
    ...(usesTmp ? [] : ['PrivateTmp=yes']),
    'NoNewPrivileges=yes',
    'CapabilityBoundingSet=',
    'PrivateDevices=yes',
    'ProtectClock=yes',
    'ProtectControlGroups=yes',
    'ProtectHostname=yes',
    'ProtectKernelLogs=yes',
    'ProtectKernelModules=yes',
    'ProtectKernelTunables=yes',
    'ProtectProc=invisible',
    'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6',
    'RestrictNamespaces=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'LockPersonality=yes',
    'SystemCallArchitectures=native',
    'SystemCallFilter=@system-service',
    'SystemCallErrorNumber=EPERM',
  ]
}

function command({ program, configFile }: ServicePlace, words: readonly string[]): string {
  return [program, ...words, '--config', configFile].map(quoted).join(' ')
}

/** systemd.syntax(7): quotes and backslashes escaped, % doubled, $ doubled. */
function quoted(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$')
  if (/^[\w@%+=:,./$-]+$/.test(escaped)) return escaped
  return `"${escaped.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/** Of a unit that install has written: which configuration its jobs are of; null where it names none. */
export function configOfUnit(text: string): string | null {
  const [, inQuotes, bare] =
    /^ExecStart=.* --config (?:"((?:[^"\\]|\\.)*)"|(\S+))$/m.exec(text) ?? []
  const word = inQuotes?.replaceAll(/\\(.)/g, '$1') ?? bare
  return word?.replaceAll('%%', '%').replaceAll('$$', '$') ?? null
}

/** A crontab's lines for one configuration, between two marks. */
export function crontabBlock(place: ServicePlace, shellWord: (text: string) => string): string {
  const { key, program, configFile, stateFolder, cacheFolder, path } = place
  const variables = { ECOMDB_STATE: stateFolder, ECOMDB_CACHE: cacheFolder, PATH: path }
  const set = Object.entries(variables).map(([name, value]) => `${name}=${shellWord(value)}`)
  const line = (time: string, words: readonly string[]): string =>
    // crontab(5): an unescaped % is a newline.
    `${time} ${[...set, ...[program, ...words, '--config', configFile].map(shellWord)].join(' ')} >/dev/null`.replaceAll(
      '%',
      '\\%',
    )
  return [
    `${BEGINS} ${key}`,
    line('*/5 * * * *', ['schedule', 'run', '--due', '--quiet']),
    line('23 * * * *', ['status', '--notify', '--quiet']),
    `${ENDS} ${key}`,
  ].join('\n')
}

const BEGINS = '# >>> ecomdb schedule'
const ENDS = '# <<< ecomdb schedule'

/** Are the lines of a configuration there? */
export function hasCrontabBlock(crontab: string, key: string): boolean {
  return crontab.split('\n').includes(`${BEGINS} ${key}`)
}

/** The user's other lines, and ours in the place of those that were there; null takes ours away. */
export function withCrontabBlock(crontab: string, key: string, block: string | null): string {
  const lines = crontab.split('\n')
  const from = lines.indexOf(`${BEGINS} ${key}`)
  const to = lines.indexOf(`${ENDS} ${key}`, from)
  const others = from >= 0 && to >= 0 ? [...lines.slice(0, from), ...lines.slice(to + 1)] : lines
  const text = others.join('\n').replace(/\n+$/, '')
  return [...(text ? [text] : []), ...(block === null ? [] : [block]), ''].join('\n')
}
