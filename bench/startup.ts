import type { Benchmark } from './benchmark.ts'
import { type Measured, measure } from './measure.ts'
import { ecomdb } from './shop-server.ts'

/** Twenty starts make one sample: a single one of 20 ms tells little. */
const STARTS = 20

/** `ecomdb --help` beside a Node that does nothing: what a user waits before anything happens. */
export const startup: Benchmark = {
  name: 'startup',
  bar: 4,
  perEngine: false,
  async prepare() {
    const node = { file: process.execPath, args: [], env: {} }
    const env = { NODE_OPTIONS: '', NO_COLOR: '1' }
    const starts = async (run: () => Promise<Measured>): Promise<Measured> => {
      const sum = { seconds: 0, cpuSeconds: 0 }
      for (let each = 0; each < STARTS; each += 1) {
        const { seconds, cpuSeconds } = await run()
        sum.seconds += seconds / STARTS
        sum.cpuSeconds += cpuSeconds / STARTS
      }
      return { ...sum, peakBytes: null, stdout: '' }
    }
    return {
      peerName: 'node -e 0',
      ours: () => starts(() => measure(ecomdb, ['--help'], { env })),
      peer: () => starts(() => measure(node, ['-e', '0'], { env })),
      close: async () => {},
    }
  },
}
