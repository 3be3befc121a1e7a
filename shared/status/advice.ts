/** What to do about a task that stopped. */
import type { Finding } from './why-stopped.ts'

/** One or two plain sentences. */
export function adviceOn({ kind, blames, exitCode }: Finding): string {
  switch (kind) {
    case 'completed':
      return 'Nothing, when it was to run to its end. A task that is to keep running must not exit.'
    case 'application-error':
      return exitCode === undefined
        ? "The image's own command can't be run: check its architecture, its entry point and its command."
        : "Read the last lines of the task's log."
    case 'out-of-memory':
      return "Give the task or the container more memory, or look for a leak in the image's program."
    case 'image-not-pulled':
      return blames === 'image'
        ? 'Push the image again for the architecture that the task runs on, and check the name and the digest.'
        : "Check the way to the registry (subnets, NAT or VPC endpoints), the execution role's rights and the registry's limits."
    case 'setup-failed':
      return 'Check what ECS names: the secrets, parameters, volumes and log settings, whether the execution role may read them, and whether the subnet has a way to them.'
    case 'health-check-failed':
      return "Read the task's log, try the health check's own command or path, and give a slow start a longer start period or grace period."
    case 'spot-interrupted':
      return 'Nothing, where it is started again. What must not be interrupted belongs on capacity: on-demand.'
    case 'scaled-in':
    case 'stopped-by-farguard':
      return 'Nothing: it was meant to stop.'
    case 'stopped-by-user':
      return "Nothing, when it was meant. CloudTrail's StopTask event names who it was."
    case 'infrastructure':
      return 'Start it again, in other subnets where the fault stays. A service does so by itself.'
    case 'unknown':
      return "Read the task's log and what ECS says of it: this is not known well enough to blame the image."
  }
}
