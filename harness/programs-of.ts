import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'

export interface CaseProgram {
  pid: number
  /** Its arguments, cut. */
  told: string
}

/** Programs that work in one of these folders, or whose arguments name it. */
export async function programsOf(folders: readonly string[]): Promise<CaseProgram[]> {
  const signs = folders.map(folder => `${folder}/`)
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async pid => {
      const told = await readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '')
      const cwd = await readlink(join('/proc', pid, 'cwd')).catch(() => '')
      const isIts = signs.some(sign => told.includes(sign) || `${cwd}/`.startsWith(sign))
      return isIts ? [{ pid: Number(pid), told: told.replaceAll('\0', ' ').slice(0, 200) }] : []
    }),
  )
  return found.flat().filter(({ pid }) => pid !== process.pid)
}
