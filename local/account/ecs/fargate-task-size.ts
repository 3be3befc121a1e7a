/** Reads the task-level cpu and memory as ECS takes them, and holds them against what Fargate runs. */
import { isFargateSize } from '../../../shared/config/fargate-sizes.ts'
import { clientException } from './refusals.ts'

/** CPU units from `256`, `0.25 vCPU` or `.25 vcpu`, as text again: that is how ECS gives them back. */
export const cpuUnits = (text: string) => sizeIn(text, /^(\d*\.?\d+)\s*vcpu$/i, 'cpu')

/** MiB from `512`, `0.5 GB` or `1gb`. */
export const memoryMiB = (text: string) => sizeIn(text, /^(\d*\.?\d+)\s*gb$/i, 'memory')

function sizeIn(text: string, large: RegExp, name: string): string {
  const inLargeUnits = large.exec(text.trim())?.[1]
  if (inLargeUnits !== undefined) return String(Math.round(Number(inLargeUnits) * 1024))
  if (/^\d+$/.test(text.trim())) return String(Number(text))
  throw clientException(`Invalid '${name}' setting for task: "${text}".`)
}

/** Throws ECS's own words when Fargate has no such size. */
export function refuseUnknownSize(cpu: string, memory: string, operatingSystem: string | undefined): void {
  const os = operatingSystem?.startsWith('WINDOWS') ? 'windows' : 'linux'
  if (!isFargateSize(Number(cpu), Number(memory), os))
    throw clientException(
      `No Fargate configuration exists for given values: ${cpu} CPU, ${memory} memory. See the Amazon ECS documentation for the valid values.`,
    )
}
