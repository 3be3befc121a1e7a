/** The targets that commands are given by name, as farguard.yml has them. */
import type { Config, Target } from '../shared/config/config.ts'
import { nearest } from '../shared/config/nearest.ts'
import { configIfAny } from './find.ts'
import { type Session, UsageError } from './session.ts'

/** The target of this name; throws UsageError, with the name that may be meant. */
export function targetNamed(name: string, { targets }: Config): Target {
  const target = targets.find(each => each.name === name)
  if (target) return target
  const names = targets.map(each => each.name)
  throw new UsageError(`farguard.yml has no target ${name}. Try ${nearest(name, names) ?? names.join(', ')}`)
}

/** Refuses a misspelt target before anything is asked. Without a farguard.yml that is right, the stack itself is to say. */
export function checkTarget(name: string, session: Session): void {
  const config = configIfAny(session)
  if (config.targets.length > 0) targetNamed(name, config)
}
