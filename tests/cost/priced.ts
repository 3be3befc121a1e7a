/** Prices, and tasks that have one, for tests: round figures, so that a sum can be done in one's head. */
import type { CostSettings } from '../../shared/config/config.ts'
import type { Prices } from '../../shared/cost/prices.ts'
import type { RegionPrices, Task } from '../../shared/ports.ts'
import { stopped, task } from '../status/tasks.ts'

/** A vCPU with its GB costs a dollar an hour on x86, half of it on ARM, two and a licence of one on Windows. */
export const list: RegionPrices = {
  linux: { x86: { perVcpu: 0.8, perGb: 0.2 }, arm: { perVcpu: 0.4, perGb: 0.1 } },
  windows: { perVcpu: 1.6, perGb: 0.4, licencePerVcpu: 1 },
  storagePerGb: 0.01,
  publicIpv4: 0.05,
}

export function prices(of: Partial<Prices> = {}, settings: Partial<CostSettings> = {}): Prices {
  return {
    region: 'eu-central-1',
    list,
    asOf: '2026-03-01T00:00:00.000Z',
    source: 'price-list',
    settings: { multiplier: 1, refresh: true, ...settings },
    ...of,
  }
}

/** One vCPU, one GB, Linux on x86: a dollar an hour. Began at 22:00 of March 1st. */
const size: Partial<Task> = {
  cpu: 1024,
  memoryMib: 1024,
  architecture: 'x86_64',
  platformFamily: 'Linux',
  pullStartedAt: '2026-03-01T22:00:00.000Z',
}

export const running = (of: Partial<Task> = {}): Task => task({ ...size, ...of })
export const ended = (of: Partial<Task> = {}): Task => stopped({ ...size, ...of })
export const without = (it: Task, ...members: (keyof Task)[]): Task =>
  Object.fromEntries(Object.entries(it).filter(([name]) => !members.includes(name as keyof Task))) as unknown as Task
