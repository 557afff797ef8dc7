import { systemClock } from '../../src/core/clock.ts'
import { silentProgress } from '../../src/core/progress.ts'
import { openDirectoryTarget } from '../../src/target/dir/directory-target.ts'
import { copyRepository } from '../../src/workflow/copy/copy-repository.ts'
import { MortalTarget } from './mortal-target.ts'

/** A copy whose process kills itself at a step: node copy-and-die.ts FROM TO STEP SIGNER. */
const [from = '', to = '', step, signer = ''] = process.argv.slice(2)
const kill = (): void => void process.kill(process.pid, 'SIGKILL')
const { target } = new MortalTarget(openDirectoryTarget(to), Number(step), 'before', kill)
await copyRepository(
  {
    source: openDirectoryTarget(from),
    destination: target,
    place: { name: null, media: null, offsite: false, offline: false },
    keys: { recipients: [], trustedSigners: [signer], identityFiles: [] },
    eject: null,
    clock: systemClock,
  },
  silentProgress(),
)
