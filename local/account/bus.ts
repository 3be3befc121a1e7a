/** The account's default event bus: rules, targets, and delivery at least once. */
import { AwsError } from './aws-error.ts'
import type { AccountContext, AwsEvent } from './context.ts'
import { checkPattern, matchesPattern, type Pattern } from './event-pattern.ts'

/** An event as a target gets it. */
export interface BusEvent extends AwsEvent {
  version: '0'
  id: string
  account: string
  region: string
  /** ISO 8601, whole seconds: EventBridge gives no finer ones. */
  time: string
}

export interface Rule {
  name: string
  pattern: Pattern
  targets: RuleTarget[]
}

export interface RuleTarget {
  id: string
  /** ARN of a queue. */
  arn: string
  deadLetterArn?: string
}

/** How often each misfortune strikes, 0 to 1, by the account's own randomness: the same seed gives the same run. */
export interface Misbehaviour {
  drop?: number
  double?: number
  delay?: number
  /** How late a delayed event is at most: what comes after it meanwhile overtakes it. */
  upToMs?: number
}

/** Puts a message on a queue, as EventBridge does; throws when the queue does not take it. */
export type Deliver = (
  queueArn: string,
  body: string,
  about: { ruleArn: string; attributes?: Record<string, string> },
) => void | Promise<void>

/** An event that neither its target nor the dead letters took: on AWS a metric counts it, and nothing else tells. */
export interface Loss {
  rule: string
  target: string
  body: string
  error: AwsError
}

export type Bus = ReturnType<typeof createBus>

/** What EventBridge takes to bring an event to a target. */
const deliveryMs = 200

export function createBus(context: Omit<AccountContext, 'emit'>, deliver: Deliver) {
  const rules = new Map<string, Rule>()
  const listeners = new Set<(event: BusEvent, matched: string[]) => void>()
  const lossListeners = new Set<(loss: Loss) => void>()
  let misbehaviour: Misbehaviour = {}
  const ruleArn = (name: string) => `arn:aws:events:${context.region}:${context.accountId}:rule/${name}`
  const strikes = (chance = 0) => chance > 0 && context.random.next() < chance

  const enveloped = (event: AwsEvent): BusEvent => ({
    version: '0',
    id: context.random.uuid(),
    'detail-type': event['detail-type'],
    source: event.source,
    account: context.accountId,
    time: `${context.clock.now().toISOString().slice(0, 19)}Z`,
    region: context.region,
    resources: event.resources,
    detail: event.detail,
  })

  async function bring(rule: Rule, target: RuleTarget, body: string): Promise<void> {
    const about = { ruleArn: ruleArn(rule.name) }
    const refusal = await refusalOf(() => deliver(target.arn, body, about))
    if (!refusal) return
    // The names that EventBridge gives to what it sets aside.
    const attributes = {
      RULE_ARN: about.ruleArn,
      TARGET_ARN: target.arn,
      ERROR_CODE: refusal.code,
      ERROR_MESSAGE: refusal.message,
    }
    const { deadLetterArn } = target
    const last = deadLetterArn ? await refusalOf(() => deliver(deadLetterArn, body, { ...about, attributes })) : refusal
    if (last) for (const listener of lossListeners) listener({ rule: rule.name, target: target.id, body, error: last })
  }

  function plan(rule: Rule, target: RuleTarget, body: string): void {
    if (strikes(misbehaviour.drop)) return
    const copies = strikes(misbehaviour.double) ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      const late = strikes(misbehaviour.delay) ? Math.ceil(context.random.next() * (misbehaviour.upToMs ?? 0)) : 0
      context.clock.after(deliveryMs + late, () => bring(rule, target, body))
    }
  }

  return {
    /** Replaces the rule of that name. Throws InvalidEventPatternException by the name of what is not known. */
    putRule(rule: Rule): void {
      checkPattern(rule.pattern)
      rules.set(rule.name, structuredClone(rule))
    },
    ruleArn,
    /** Puts an event on the bus: it reaches the targets of every rule that matches, when the clock moves on. */
    emit(event: AwsEvent): void {
      const whole = structuredClone(enveloped(event))
      const matched = [...rules.values()].filter(rule => matchesPattern(rule.pattern, { ...whole }))
      for (const listener of listeners)
        listener(
          whole,
          matched.map(rule => rule.name),
        )
      const body = JSON.stringify(whole)
      for (const rule of matched) for (const target of rule.targets) plan(rule, target, body)
    },
    /** From now on, for each target of each event; `{}` ends it. */
    misbehave(how: Misbehaviour): void {
      misbehaviour = { ...how }
    },
    /** Hears of every event with the rules it matched; gives the function that stops listening. */
    onEvent(listener: (event: BusEvent, matchedRules: string[]) => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    /** Hears of every event that is lost for good; not of those that `misbehave` drops. Gives the function that stops it. */
    onLoss(listener: (loss: Loss) => void): () => void {
      lossListeners.add(listener)
      return () => lossListeners.delete(listener)
    },
  }
}

/** What a queue refused with, if it did. */
async function refusalOf(deliver: () => void | Promise<void>): Promise<AwsError | undefined> {
  try {
    await deliver()
    return undefined
  } catch (error) {
    if (error instanceof AwsError) return error
    throw error
  }
}
