/** The sizes that Fargate runs: which memory goes with which CPU. From the ECS developer guide's table of Fargate task sizes. */

export type OsFamily = 'linux' | 'windows'

const GiB = 1024

/** CPU units to memory in GiB: from, to, step. */
const ranges: readonly { cpu: number; from: number; to: number; step: number; windows: boolean }[] = [
  { cpu: 512, from: 1, to: 4, step: 1, windows: false },
  { cpu: 1024, from: 2, to: 8, step: 1, windows: true },
  { cpu: 2048, from: 4, to: 16, step: 1, windows: true },
  { cpu: 4096, from: 8, to: 30, step: 1, windows: true },
  { cpu: 8192, from: 16, to: 60, step: 4, windows: false },
  { cpu: 16384, from: 32, to: 120, step: 8, windows: false },
]

const linux: ReadonlyMap<number, readonly number[]> = new Map([
  // The smallest one doubles instead of stepping.
  [256, [512, 1 * GiB, 2 * GiB]],
  ...ranges.map(range => [range.cpu, memoriesIn(range)] as const),
])

const windows: ReadonlyMap<number, readonly number[]> = new Map(
  ranges.filter(range => range.windows).map(range => [range.cpu, memoriesIn(range)] as const),
)

function memoriesIn({ from, to, step }: { from: number; to: number; step: number }): number[] {
  return Array.from({ length: (to - from) / step + 1 }, (_, index) => (from + index * step) * GiB)
}

function sizesOf(os: OsFamily): ReadonlyMap<number, readonly number[]> {
  return os === 'windows' ? windows : linux
}

/** The CPU sizes that Fargate has for this system, in CPU units (1024 a vCPU), rising. */
export function cpuSizes(os: OsFamily): number[] {
  return [...sizesOf(os).keys()]
}

/** The memory sizes in MiB that go with this many CPU units, rising; none when Fargate has no such CPU size. */
export function memoriesFor(cpuUnits: number, os: OsFamily): number[] {
  return [...(sizesOf(os).get(cpuUnits) ?? [])]
}

/** Whether Fargate runs a task of this size. */
export function isFargateSize(cpuUnits: number, memoryMiB: number, os: OsFamily): boolean {
  return memoriesFor(cpuUnits, os).includes(memoryMiB)
}
