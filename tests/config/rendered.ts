/** What a user sees of a text that stands in farguard.yml. */
import { loadConfig } from '../../shared/config/load.ts'
import { formatProblems } from '../../shared/config/problems.ts'

/** The lines of the report without the count, or none when the text loads. */
export function problemLines(text: string): string[] {
  const loaded = loadConfig(text)
  return 'problems' in loaded ? formatProblems('farguard.yml', loaded.problems).split('\n').slice(0, -1) : []
}

/** A sound service target on lines 1 to 5; what follows is indented by four. */
export const service = `targets:
  web:
    repository: acme/web
    tags: semver:^1
    run: service
`

/** A sound task target up to its definition: line 9 is the first within `taskDefinition`, indented by six. */
export const task = `targets:
  worker:
    repository: acme/worker
    tags: exact:live
    run: task
    network: { subnets: [subnet-0a1b2c3d] }
    taskDefinition:
      executionRole: arn:aws:iam::123456789012:role/execution
`

/** As `task`, with a size: line 12 is the first within `containers`, indented by eight. */
export const sized = `${task}      cpu: 256
      memory: 512
      containers:
`
