/** Brings a target's rollout on as far as it goes now: by events, by its own looks and by the sweep alike. */
import type { Target } from '../config/config.ts'
import type { Outcome } from '../outcome.ts'
import type { World } from '../ports.ts'
import { mayBeRunning } from './attempts.ts'
import { waitForBusy } from './busy.ts'
import { carry, giveUp, leaveBehind } from './carry.ts'
import { judged } from './ends.ts'
import { look } from './judge.ts'
import { isSamePlace, placeOf } from './place.ts'
import { observe } from './prepare.ts'
import { asProblem, Problem } from './problem.ts'
import {
  type Deployment,
  draftOf,
  isOpen,
  type KnownTarget,
  readDeployment,
  readTarget,
  type TargetHead,
  writeDeployment,
} from './records.ts'
import { retireOlder } from './retire.ts'
import { stopStrays } from './settle.ts'
import type { Waits } from './start.ts'
import { undo } from './undo.ts'

/** More steps than any rollout has in one go: start, verify, undo, and a few lost races between them. */
const mostSteps = 20

/** How soon to try again what AWS did not take. */
const triedAgainMs = 60_000

export interface Advanced {
  outcome: Outcome
  /** Whether anything went on. */
  hasMoved: boolean
  /** The deployment that is still under way, and when it is worth a look. */
  open?: { deployment: number; lookInMs: number }
  /** What is on record, where nothing is under way. */
  settled?: KnownTarget
}

/** As carryOn, for whoever takes no look of its own. */
export async function advance(target: Target, world: World): Promise<Outcome> {
  return (await carryOn(target, world)).outcome
}

/** May run twice, at once, and at any time; cheap when nothing is under way. */
export async function carryOn(target: Target, world: World): Promise<Advanced> {
  let deployment: number | undefined
  let steps = 0
  try {
    for (; steps < mostSteps; steps++) {
      const known = await readTarget(world.table, target.name)
      if (!known.head)
        return { outcome: { kind: 'skipped', reason: 'nothing-deployed' }, hasMoved: false, settled: known }
      deployment = known.head.current.number
      const stepped = await step(known.head, known, target, world)
      if (stepped !== 'go on') return { ...stepped, hasMoved: steps > 0, ...(!stepped.open && { settled: known }) }
    }
    throw new Problem(
      'retry',
      'deployment-overtaken',
      `The rollout of ${target.name} is being carried on by many at once.`,
    )
  } catch (error) {
    const problem = asProblem(error, `Carrying on the rollout of ${target.name}`)
    if (!(problem instanceof Problem)) throw problem
    const kind = problem.kind === 'retry' ? ('retryable' as const) : ('permanent' as const)
    return {
      outcome: { kind, reason: problem.reason, detail: problem.message },
      hasMoved: steps > 0,
      ...(kind === 'retryable' && deployment !== undefined && { open: { deployment, lookInMs: triedAgainMs } }),
    }
  }
}

type Stopped = Omit<Advanced, 'hasMoved'>

async function step(head: TargetHead, known: KnownTarget, target: Target, world: World): Promise<Stopped | 'go on'> {
  const newest = known.newest?.number === head.current.number ? known.newest : undefined
  if (newest?.todo) {
    await carryOut(newest.todo, newest, head, target, world)
    return 'go on'
  }
  if (newest && !isOpen(newest)) return settled(newest, head, target, world)
  if (!isSamePlace(head.current.where, placeOf(target))) return moved(head, newest, target, world)
  return newest?.state === 'started' ? verify(newest, target, world) : begin(head, known.newest, target, world)
}

/** What follows from a state that is on record. */
async function carryOut(
  todo: NonNullable<Deployment['todo']>,
  deployment: Deployment,
  head: TargetHead,
  target: Target,
  world: World,
): Promise<void> {
  if (todo === 'undo') {
    await undo(deployment, target, world)
    return
  }
  await retireOlder(head, deployment, world)
  const { todo: _todo, ...rest } = deployment
  await write(deployment, rest, world)
}

/** Nothing of the head's deployment is under way; what it would have waited for may be, if it never came to start. */
async function settled(newest: Deployment, head: TargetHead, target: Target, world: World): Promise<Stopped> {
  const waits = await waitForBusy(head.busy, head, target, world)
  if (waits && head.busy !== undefined) return underWay(head.busy, target, waits)
  return { outcome: { kind: 'skipped', reason: 'nothing-under-way', detail: newest.state } }
}

/** farguard.yml names another place since the claim: what was begun in the old one ends, and what is wanted is decided anew. */
async function moved(
  head: TargetHead,
  newest: Deployment | undefined,
  target: Target,
  world: World,
): Promise<Stopped | 'go on'> {
  const waits = newest && (await waitForBusy(newest.number, head, target, world))
  if (waits) return underWay(newest.number, target, waits)
  await leaveBehind(head, newest, target, world)
  const { current } = head
  const recorded = await readDeployment(world.table, target.name, current.number)
  const base = recorded ?? draftOf(current, target.name)
  if (isOpen(base)) {
    const detail = 'farguard.yml names another place by now'
    await write(base, judged(base, { is: 'superseded', detail }, at(world)), world)
  }
  await stopStrays(target.name, [current.number, ...head.unsettled], world)
  return 'go on'
}

async function verify(deployment: Deployment, target: Target, world: World): Promise<Stopped | 'go on'> {
  const verdict = await look(deployment, target, world)
  if (verdict.is === 'wait') return underWay(deployment.number, target, verdict)
  await write(deployment, judged(deployment, verdict, at(world)), world)
  return 'go on'
}

async function begin(
  head: TargetHead,
  newest: Deployment | undefined,
  target: Target,
  world: World,
): Promise<Stopped | 'go on'> {
  const recorded = newest?.number === head.current.number ? newest : undefined
  try {
    const { waits } = await carry(head, newest, await observe(target, world), target, world)
    return waits ? underWay(head.current.number, target, waits) : 'go on'
  } catch (error) {
    const problem = asProblem(error, `Carrying on deployment ${head.current.number} of ${target.name}`)
    const isOver =
      problem instanceof Problem && (problem.kind === 'refuse' || isPastDeadline(head, recorded, target, world))
    // What runs comes to its own end all the same.
    if (!isOver) throw problem
    if (recorded && mayBeRunning(recorded)) {
      const waits = await waitForBusy(recorded.number, head, target, world)
      return waits ? underWay(recorded.number, target, waits) : 'go on'
    }
    await giveUp(head, newest, problem, target, world)
    return 'go on'
  }
}

/**
 * A start that AWS has not taken for as long as a rollout may take is given up. What waits for something older, or for its own
 * `before` task, has not begun.
 */
function isPastDeadline(head: TargetHead, recorded: Deployment | undefined, { run }: Target, world: World): boolean {
  if (recorded ? mayBeRunning(recorded) : head.busy !== undefined) return false
  const begun = recorded?.preparedAt ?? recorded?.begunAt ?? head.current.claimedAt
  const withinMs = run.kind === 'job' ? run.timeoutMs : run.verify.withinMs
  return world.clock.now().getTime() - Date.parse(begun) > withinMs
}

function underWay(deployment: number, target: Target, { because, lookInMs }: Waits): Stopped {
  const what = `${target.name} #${deployment}: ${because}`
  return { outcome: { kind: 'done', what }, open: { deployment, lookInMs } }
}

/** Whoever wrote meanwhile has the word: what is on record is read again. */
async function write(before: Deployment, next: Deployment, world: World): Promise<void> {
  const written = await writeDeployment(world.table, next)
  if (!written || written.state === before.state) return
  const { target, number, state, image, ended } = written
  const about = { target, deployment: number, image: `${image.repository}:${image.tag}` }
  world.log.info(state, { ...about, ...(ended && { reason: ended.reason, detail: ended.detail }) })
}

function at(world: World): string {
  return world.clock.now().toISOString()
}
