import { describe, expect, test } from 'vitest'
import { cpuSizes, isFargateSize, memoriesFor } from '../../shared/config/fargate-sizes.ts'

describe('the sizes Fargate has', () => {
  test.each([
    { cpu: 256, os: 'linux', count: 3, smallest: 512, largest: 2048 },
    { cpu: 512, os: 'linux', count: 4, smallest: 1024, largest: 4096 },
    { cpu: 1024, os: 'linux', count: 7, smallest: 2048, largest: 8192 },
    { cpu: 2048, os: 'linux', count: 13, smallest: 4096, largest: 16384 },
    { cpu: 4096, os: 'linux', count: 23, smallest: 8192, largest: 30720 },
    { cpu: 8192, os: 'linux', count: 12, smallest: 16384, largest: 61440 },
    { cpu: 16384, os: 'linux', count: 12, smallest: 32768, largest: 122880 },
    { cpu: 1024, os: 'windows', count: 7, smallest: 2048, largest: 8192 },
    { cpu: 4096, os: 'windows', count: 23, smallest: 8192, largest: 30720 },
  ] as const)('$cpu on $os: $count from $smallest to $largest', ({ cpu, os, count, smallest, largest }) => {
    const memories = memoriesFor(cpu, os)
    expect([memories.length, memories[0], memories.at(-1)]).toEqual([count, smallest, largest])
    expect(memories).toEqual(memories.toSorted((a, b) => a - b))
  })

  test.each([
    [256, 512, 'linux', true],
    [256, 1536, 'linux', false],
    [512, 512, 'linux', false],
    [8192, 20480, 'linux', true],
    [8192, 18432, 'linux', false],
    [16384, 40960, 'linux', true],
    [300, 512, 'linux', false],
    [256, 512, 'windows', false],
    [8192, 16384, 'windows', false],
    [2048, 4096, 'windows', true],
  ] as const)('%i CPU units with %i MiB on %s: %s', (cpu, memory, os, expected) => {
    expect(isFargateSize(cpu, memory, os)).toBe(expected)
  })

  test('a caller that sorts its copy changes nothing for others', () => {
    memoriesFor(256, 'linux').length = 0
    expect(memoriesFor(256, 'linux')).toEqual([512, 1024, 2048])
    expect(cpuSizes('windows')).toEqual([1024, 2048, 4096])
  })
})
