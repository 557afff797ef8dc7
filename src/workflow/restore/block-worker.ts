import { hash } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { zstdDecompressSync } from 'node:zlib'
import { messageOf, systemCode } from '#core/errors'
import { freeMemory } from '#core/free-memory'
import { splitZstdFrames } from '#domain/backup/zstd-frames'
import type { PackAnswer, PackTask } from './block-threads.ts'

/**
 * A thread that decompresses the blocks of one pack after another, compares each with its hash,
 * and writes it to its places. It takes a whole pack at a time, so that blocks cross no thread.
 */
const port = parentPort
if (!port) throw new Error('block-worker.ts runs as a worker thread')

port.on('message', (task: PackTask) => port.postMessage(answer(task)))

function answer(task: PackTask): PackAnswer {
  const files = new OpenFile()
  try {
    return { bytes: restorePack(task, files) }
  } catch (error) {
    if (systemCode(error) === undefined || !isAboutFiles(error))
      return { damaged: messageOf(error) }
    return { storage: { code: systemCode(error) ?? '', message: messageOf(error) } }
  } finally {
    freeMemory(task.packed)
    files.close()
  }
}

/** zlib's errors have a code as well, and no system call. */
function isAboutFiles(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'syscall' in error
}

function restorePack({ packed, frames }: PackTask, files: OpenFile): number {
  const found = splitZstdFrames(packed)
  let written = 0
  for (const { frame, bytes, sha256, places } of frames) {
    const compressed = found[frame]
    if (!compressed) throw new Error(`it has no frame ${frame}`)
    const block = zstdDecompressSync(compressed, {
      maxOutputLength: bytes,
      chunkSize: Math.max(64, bytes),
    })
    if (block.length !== bytes || hash('sha256', block) !== sha256) {
      throw new Error(`block ${frame} does not have the hash that the manifest says`)
    }
    for (const { path, offset } of places) files.write(path, offset, block)
    freeMemory(block)
    written += bytes
  }
  return written
}

/** Blocks that follow one another are mostly of one file. */
class OpenFile {
  #open: { path: string; descriptor: number } | null = null

  write(path: string, offset: number, bytes: Buffer): void {
    if (this.#open?.path !== path) {
      this.close()
      this.#open = { path, descriptor: openSync(path, 'r+') }
    }
    let done = 0
    while (done < bytes.length) {
      const { descriptor } = this.#open
      done += writeSync(descriptor, bytes, done, bytes.length - done, offset + done)
    }
  }

  close(): void {
    if (this.#open) closeSync(this.#open.descriptor)
    this.#open = null
  }
}
