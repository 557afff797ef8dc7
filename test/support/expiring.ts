import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { writeSigningKey } from '#crypto/key-files'
import { createRepository, type Repository } from '#repository/repository'
import { createDirectoryTarget } from '#target/dir/directory-target'
import type { Target } from '#target/target'
import { makeKeys, type TestKeys } from '#test/snapshots'
import { makeFolder } from '#test/temporary'
import { type ExpireOptions, expireSnapshots } from '#workflow/expire/expire-snapshots'

export const DAY_MS = 86_400_000

/** An empty repository in a folder, from which is removed what a policy says, as if it were later. */
export class Expiring {
  readonly folder: string
  readonly target: Target
  readonly keys: TestKeys
  readonly repository: Repository

  private constructor(folder: string, target: Target, keys: TestKeys, repository: Repository) {
    this.folder = folder
    this.target = target
    this.keys = keys
    this.repository = repository
  }

  static async make(): Promise<Expiring> {
    const folder = await makeFolder()
    const target = await createDirectoryTarget(join(folder, 'repository'))
    const keys = await makeKeys()
    await writeSigningKey(join(folder, 'signing.pem'), keys.signingKey)
    return new Expiring(folder, target, keys, await createRepository(target, systemClock))
  }

  /** As ecomdb.yaml would say it. */
  get config() {
    const { recipients, trustedSigners } = this.keys.options
    const signingKeyFile = join(this.folder, 'signing.pem')
    return { recipients, trustedSigners, identityFiles: [], signingKeyFile }
  }

  async expire(now: Date, policy: ExpireOptions['policy'], target = this.target) {
    const clock = { ...systemClock, now: () => now }
    const options = { target, keys: this.config, policy, confirm: true, accept: null, clock }
    return await expireSnapshots(options, silentProgress())
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}
