import type { JobLock } from '../../job-lock.ts'

/** A job may take longer than servers let a quiet connection stay (wait_timeout). */
const QUIET_SECONDS = 7 * 86_400

export const jobLock: JobLock = {
  async take(session, job) {
    await session.run(`SET SESSION wait_timeout = ${QUIET_SECONDS}`)
    // 64 characters at most on MySQL; a job's name is shorter than that.
    return (
      (await session.value('SELECT GET_LOCK(?, 0)', [`ecomdb.job.${job}`.slice(0, 64)])) === '1'
    )
  },
}
