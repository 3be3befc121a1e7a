/** How a deployment's record goes on after a verdict. Pure: the record in, the next one out. */
import { cut } from '../status/cut.ts'
import type { Deployment } from './records.ts'
import type { Verdict } from './verify.ts'

/** A record holds hundreds of such texts: what ECS and containers say may be as long as they like. */
const mostDetailBytes = 600

/** Failed for good; what is to be put right because of it is still to be done. */
export function failedWith(
  deployment: Deployment,
  why: { reason: string; message: string; quarantines?: boolean },
  at: string,
): Deployment {
  const detail = cut(why.message, mostDetailBytes)
  const ended = { reason: why.reason, detail, at, ...(why.quarantines && { quarantines: true }) }
  return { ...deployment, state: 'failed', ended, todo: 'undo' }
}

/** After its `before` task has ended. */
export function prepared(deployment: Deployment, verdict: Verdict, task: string, at: string): Deployment {
  const gone = deployment.gone ?? []
  switch (verdict.is) {
    case 'succeeded':
      return {
        ...deployment,
        preparedAt: at,
        gone: [...gone, { arn: task, at, how: 'completed', isNobodysFault: true }],
      }
    case 'lost':
      return { ...deployment, gone: [...gone, ...verdict.gone] }
    case 'failed':
      return failedWith(deployment, { ...verdict, message: `its before task: ${verdict.detail}` }, at)
    case 'stopped':
      return {
        ...deployment,
        state: 'stopped',
        ended: { reason: 'stopped', detail: `its before task: ${verdict.detail}`, at },
      }
    default:
      throw new TypeError(`A before task can't be ${verdict.is}`)
  }
}

/** After its tasks, or its service, were judged; `deployment` itself where nothing changes. */
export function judged(deployment: Deployment, verdict: Verdict, at: string): Deployment {
  switch (verdict.is) {
    case 'wait':
      return deployment
    case 'succeeded':
      // Older copies of a task target run until now, so that there was something to go back to.
      return {
        ...deployment,
        state: 'succeeded',
        succeededAt: at,
        ...(deployment.where.kind === 'task' && { todo: 'retire-older' as const }),
      }
    case 'lost':
      return { ...deployment, state: 'starting', gone: [...(deployment.gone ?? []), ...verdict.gone] }
    case 'failed':
      return failedWith(deployment, { ...verdict, message: verdict.detail }, at)
    case 'stopped':
      return { ...deployment, state: 'stopped', ended: { reason: 'stopped', detail: verdict.detail, at } }
    case 'superseded':
      return { ...deployment, state: 'superseded', ended: { reason: 'superseded', detail: verdict.detail, at } }
    case 'parked': {
      const { wokeAt: _wokeAt, ...rest } = deployment
      return { ...rest, isParked: true }
    }
    case 'woke':
      return { ...deployment, wokeAt: at }
  }
}
