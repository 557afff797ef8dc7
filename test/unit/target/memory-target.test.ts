import { describe } from 'vitest'
import { openMemoryTarget } from '#target/memory/memory-target'
import { targetContract } from '../../contract/target.ts'

describe('a target in memory', () => {
  targetContract(async () => openMemoryTarget())
})
