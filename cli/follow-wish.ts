/** Waits for what comes of an intent: its outcome, and then the deployments that it led to. */
import type { Intent } from '../events/control-message.ts'
import { type Deployment, readDeployment } from '../shared/deploy/records.ts'
import { type IntentOutcome, readIntentOutcome } from '../shared/intents/intent-record.ts'
import { RetryableError } from '../shared/ports.ts'
import { lookAtWaking, tellWaking, type Waking } from './guard/waking.ts'
import { progressOn } from './progress.ts'
import type { Session } from './session.ts'

export interface Ended {
  how: 'settled' | 'timeout' | 'interrupted' | 'not-waited'
  /** Absent as long as nobody has taken the intent up. */
  outcome?: IntentOutcome
  /** As they were last seen. */
  deployments: Deployment[]
  /** What was put back, as it was last seen. */
  waking?: Waking[]
}

const minute = 60_000

/** Looks every second at first, and every five after a minute. */
export async function followWish(
  intent: Intent,
  timeoutMs: number,
  { stack, terminal }: Session,
  signal: AbortSignal,
): Promise<Ended> {
  const progress = progressOn(terminal)
  const began = terminal.now().getTime()
  let seen: Omit<Ended, 'how'> & { isSettled: boolean } = { deployments: [], isSettled: false }
  let doing = 'Waiting for the stack to take it up'
  try {
    for (;;) {
      progress.show(doing)
      try {
        seen = await look(intent, seen.outcome, stack)
        doing = waitingFor(seen)
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error
        doing = `Can't look just now, and goes on trying: ${error.message}`
      }
      const { isSettled, ...ended } = seen
      if (isSettled) return { how: 'settled', ...ended }
      const passedMs = terminal.now().getTime() - began
      if (signal.aborted) return { how: 'interrupted', ...ended }
      if (passedMs >= timeoutMs) return { how: 'timeout', ...ended }
      await terminal.sleep(Math.min(passedMs < minute ? 1_000 : 5_000, timeoutMs - passedMs), signal)
    }
  } finally {
    progress.end()
  }
}

async function look(intent: Intent, known: IntentOutcome | undefined, stack: Session['stack']) {
  const { table } = stack
  const outcome = known ?? (await readIntentOutcome(table, intent.id))
  if (!outcome) return { deployments: [], isSettled: false }
  if (outcome.woken && outcome.woken.length > 0) {
    const waking = await lookAtWaking(outcome.woken, stack)
    return { outcome, deployments: [], waking, isSettled: waking.every(({ state }) => state !== 'waking') }
  }
  const isFollowed = intent.wish.do === 'deploy' || intent.wish.do === 'rollback'
  if (!isFollowed || outcome.deployments.length === 0) return { outcome, deployments: [], isSettled: true }
  const read = await Promise.all(outcome.deployments.map(({ target, number }) => readDeployment(table, target, number)))
  const deployments = read.filter(deployment => deployment !== undefined)
  return { outcome, deployments, isSettled: deployments.length === read.length && deployments.every(isSettled) }
}

/** Whether nothing more comes of it, or not before its parked service wakes. */
export function isSettled({ state, todo, isParked, wokeAt }: Deployment): boolean {
  switch (state) {
    case 'succeeded':
    case 'rolled-back':
    case 'stopped':
    case 'superseded':
      return true
    case 'failed':
      return todo !== 'undo'
    case 'started':
      return isParked === true && wokeAt === undefined
    case 'starting':
      return false
  }
}

function waitingFor({ outcome, deployments, waking }: Omit<Ended, 'how'>): string {
  if (!outcome) return 'Waiting for the stack to take it up'
  if (waking)
    return waking
      .filter(({ state }) => state === 'waking')
      .map(tellWaking)
      .join('; ')
  const open = deployments.filter(deployment => !isSettled(deployment))
  if (open.length === 0) return 'Waiting for the deployment to begin'
  return open.map(({ target, number, state, todo }) => `${target} #${number} ${doings(state, todo)}`).join(', ')
}

function doings(state: Deployment['state'], todo: Deployment['todo']): string {
  if (state === 'starting') return 'is starting'
  return state === 'failed' && todo === 'undo' ? 'failed, and is being undone' : 'has started and is being verified'
}
