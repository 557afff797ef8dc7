/** What a host can be for: runs_on in ecomdb.yaml, and of each job in recovery.yaml. */
export type HostRoleName = 'database' | 'vault' | 'drill'

/** What runs_on in recovery.yaml gives to one of them. */
export type Job = 'backup' | 'copy' | 'verify' | 'expire' | 'drill' | 'seal' | 'access' | 'reports'
