import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { string } from '@oclif/core/flags'
import { BaseCommand, type Outcome } from '../../../src/cli/base-command.ts'
import { EcomdbError } from '../../../src/core/errors.ts'
import { adviseOnInterrupt, onInterrupt } from '../../../src/core/interruption.ts'
import { Secret } from '../../../src/core/secret.ts'
import { onPath } from '../../../src/process/program.ts'
import { runInteractive } from '../../../src/process/run-interactive.ts'

/** Commands that end in every way that a command can end, for test/cli/endings.test.ts. */

class Done extends BaseCommand {
  protected override async execute(): Promise<Outcome<object>> {
    await this.parse(Done)
    this.progress.stage('working')
    this.progress.warn('look at this')
    const result = { rows: 2n ** 60n, password: new Secret('hunter2') }
    return { result, text: 'all done' }
  }
}

class Findings extends BaseCommand {
  protected override async execute(): Promise<Outcome<object>> {
    await this.parse(Findings)
    return { result: { found: 1 }, text: 'one finding', status: 3 }
  }
}

class Refused extends BaseCommand {
  protected override async execute(): Promise<Outcome<object>> {
    await this.parse(Refused)
    this.progress.stage('trying')
    this.progress.warn('it looks bad')
    throw new EcomdbError('LOCKED', {
      what: 'it is locked',
      why: 'line 1\nline 2',
      hints: ['wait'],
    })
  }
}

class Bug extends BaseCommand {
  protected override async execute(): Promise<Outcome<object>> {
    await this.parse(Bug)
    throw new TypeError('x is not a function', { cause: new Error('deeper') })
  }
}

class Long extends BaseCommand {
  protected override async execute(): Promise<Outcome<object>> {
    await this.parse(Long)
    return { result: { lines: Array(200_000).fill('0123456789') }, text: 'line\n'.repeat(200_000) }
  }
}

class Leaks extends BaseCommand {
  protected override async execute(): Promise<Outcome<object>> {
    await this.parse(Leaks)
    setInterval(() => {}, 60_000)
    return { result: {}, text: 'still ends' }
  }
}

/** Prints "ready" and then waits for a signal. */
class Waits extends BaseCommand {
  static override flags = { undo: string({ required: true }), fail: string(), advice: string() }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(Waits)
    const release = onInterrupt(() => {
      if (flags.fail) throw new Error(flags.fail)
      writeFileSync(flags.undo, 'undone')
    })
    if (flags.advice) adviseOnInterrupt(flags.advice)
    process.stderr.write('ready\n')
    await sleep(60_000)
    release()
    return { result: {}, text: 'nobody interrupted' }
  }
}

/** Fails where nobody awaits it. */
class Crashes extends BaseCommand {
  static override flags = { undo: string({ required: true }) }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(Crashes)
    onInterrupt(() => writeFileSync(flags.undo, 'undone'))
    setTimeout(() => {
      throw new Error('a late failure')
    })
    await sleep(60_000)
    return { result: {}, text: 'nobody noticed' }
  }
}

/** Has an interactive program, which prints "ready", waits for a file and ends with 7. */
class Hosts extends BaseCommand {
  static override flags = { until: string({ required: true }) }

  protected override async execute(): Promise<Outcome<object>> {
    const { flags } = await this.parse(Hosts)
    const script = 'echo ready >&2; while [ ! -e "$0" ]; do sleep 0.1; done; exit 7'
    const status = await runInteractive(onPath('sh'), ['-c', script, flags.until])
    return { result: {}, text: '', status }
  }
}

export default {
  done: Done,
  findings: Findings,
  refused: Refused,
  bug: Bug,
  long: Long,
  leaks: Leaks,
  waits: Waits,
  hosts: Hosts,
  crashes: Crashes,
}
