import type { JobLock } from '../../job-lock.ts'

export const jobLock: JobLock = {
  async take(session, job) {
    // 64 characters at most on MySQL; a job's name is shorter than that.
    return (
      (await session.value('SELECT GET_LOCK(?, 0)', [`ecomdb.job.${job}`.slice(0, 64)])) === '1'
    )
  },
}
