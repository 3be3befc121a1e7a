import { describe, expect, test } from 'vitest'
import type { Intent, Wish } from '../../events/control-message.ts'
import { controlMessage } from '../../events/control-message.ts'
import { type Deployment, readDeployment, writeDeployment } from '../../shared/deploy/records.ts'
import { type IntentOutcome, recordIntentOutcome } from '../../shared/intents/intent-record.ts'
import { RefusedError, RetryableError } from '../../shared/ports.ts'
import { type SimulatedWorld, simulatedWorld } from '../simulated-world.ts'
import { deployment, digestOf } from './records.ts'
import { failing, type } from './shell.ts'

function askedOf({ sent }: SimulatedWorld): Intent {
  const message = sent[0]?.message
  if (message?.kind !== 'intent') throw new Error('Nothing was asked')
  return message
}

/** What the stack answers to the intent that was sent. */
function answered(simulated: SimulatedWorld, of: Partial<IntentOutcome> = {}) {
  return () => {
    const { id, by, wish } = askedOf(simulated)
    const at = simulated.clock.now().toISOString()
    const said = { state: 'done' as const, reason: 'done', detail: 'As asked.', deployments: [] }
    return recordIntentOutcome(simulated.world.table, { id, at, by, wish, ...said, ...of })
  }
}

function becomes(simulated: SimulatedWorld, of: Partial<Deployment>) {
  return async () => {
    const seen = await readDeployment(simulated.world.table, of.target ?? 'web', of.number ?? 1)
    await writeDeployment(simulated.world.table, { ...deployment(of), version: seen?.version ?? 0 })
  }
}

describe('what is asked', () => {
  test.each<{ line: string; wish: Wish }>([
    { line: 'deploy acme/web:1.4.2', wish: { do: 'deploy', repository: 'acme/web', tag: '1.4.2' } },
    {
      line: 'deploy acme/web:live --target web',
      wish: { do: 'deploy', repository: 'acme/web', tag: 'live', target: 'web' },
    },
    { line: 'rollback web', wish: { do: 'rollback', target: 'web' } },
    { line: 'rollback web --to 1.4.1', wish: { do: 'rollback', target: 'web', to: '1.4.1' } },
    { line: 'hold web --because sale', wish: { do: 'hold', target: 'web', because: 'sale' } },
    { line: 'release web', wish: { do: 'release', target: 'web' } },
    { line: 'approve web 1.4.2', wish: { do: 'approve', target: 'web', tag: '1.4.2' } },
  ])('$line', async ({ line, wish }) => {
    const simulated = simulatedWorld()
    const said = await type(`${line} --no-wait`, simulated)
    expect(simulated.sent.map(({ message }) => message)).toEqual([
      { kind: 'intent', id: expect.any(String), at: '2026-03-01T22:00:00.000Z', by: 'ana@laptop', wish },
    ])
    expect(controlMessage.safeParse(simulated.sent[0]?.message).success).toBe(true)
    expect(said).toMatchObject({ code: 0, out: '', err: expect.stringMatching(/^Asked\. To see .*: farguard \w+ /) })
  })

  test.each([
    { line: 'deploy acme/web', says: '"acme/web" names no tag to deploy. Try acme/web:1.4.2' },
    { line: `deploy acme/web@sha256:${'a'.repeat(64)}`, says: 'names no tag to deploy' },
    { line: 'rollback', says: "missing required argument 'target'" },
    { line: 'rollback WEB', says: 'has 1 to 24 of a-z, 0-9 and -' },
    { line: 'rollback web --to 1:2', says: 'It takes a tag or a digest' },
    { line: 'approve web', says: "missing required argument 'tag'" },
    { line: 'release web --timeout soon', says: 'It takes a time such as 90s, 20m or 2h' },
    { line: 'relase web', says: 'unknown command' },
    { line: 'hold wrker', says: 'farguard.yml has no target wrker. Try worker' },
    { line: 'rollback wrker', says: 'farguard.yml has no target wrker. Try worker' },
    { line: 'release wrker', says: 'farguard.yml has no target wrker. Try worker' },
    { line: 'approve wrker 1.4.2', says: 'farguard.yml has no target wrker. Try worker' },
    { line: 'deploy acme/web:1.4.2 --target wrker', says: 'farguard.yml has no target wrker. Try worker' },
  ])('$line is refused with exit code 2, and nothing is sent', async ({ line, says }) => {
    const simulated = simulatedWorld()
    const { code, err } = await type(line, simulated)
    expect({ code, err, sent: simulated.sent }).toEqual({ code: 2, err: expect.stringContaining(says), sent: [] })
  })
})

test('without a farguard.yml that is right, the stack says which targets there are', async () => {
  const simulated = simulatedWorld()
  const environment = { FARGUARD_CONFIG: 'tests/cli/none.yml' }
  expect((await type('hold wrker --no-wait', simulated, { environment })).code).toBe(0)
  expect(askedOf(simulated).wish).toEqual({ do: 'hold', target: 'wrker' })
})

describe('waiting', () => {
  test('shows what came of a hold', async () => {
    const simulated = simulatedWorld()
    const meanwhile = [() => undefined, answered(simulated, { detail: 'web is held: nothing is deployed to it.' })]
    const said = await type('hold web', simulated, { meanwhile })
    expect(said).toMatchObject({ code: 0, out: 'web is held: nothing is deployed to it.' })
  })

  test('a refusal is told with its reason, and ends with 1', async () => {
    const simulated = simulatedWorld()
    const refused = { state: 'refused' as const, reason: 'no-such-target', detail: 'farguard.yml has no target web.' }
    const said = await type('release web', simulated, { meanwhile: [answered(simulated, refused)] })
    expect(said).toMatchObject({ code: 1, out: 'Refused, no-such-target: farguard.yml has no target web.' })
  })

  const led = { detail: 'web goes back to 1.1.0.', deployments: [{ target: 'web', number: 1 }] }

  test.each<{ end: Partial<Deployment>; code: number; says: RegExp }>([
    { end: { state: 'succeeded' }, code: 0, says: /web #1 succeeded: acme\/web:1\.1\.0$/ },
    {
      end: {
        state: 'failed',
        ended: { reason: 'application-exit', detail: 'exited with 3', at: '2026-03-01T22:00:00Z' },
      },
      code: 1,
      says: /web #1 failed: acme\/web:1\.1\.0; application-exit: exited with 3$/,
    },
    {
      end: { state: 'rolled-back', undone: { at: '2026-03-01T22:00:00Z', by: 'ecs', what: 'ECS put #0 back' } },
      code: 1,
      says: /web #1 rolled-back: .*; ECS put #0 back$/,
    },
    { end: { state: 'superseded' }, code: 1, says: /superseded/ },
    { end: { state: 'stopped' }, code: 1, says: /stopped/ },
    { end: { state: 'started', isParked: true }, code: 0, says: /its service is at zero copies/ },
  ])('a rollback that ends $end.state ends with $code', async ({ end, code, says }) => {
    const simulated = simulatedWorld()
    const meanwhile = [
      answered(simulated, led),
      becomes(simulated, { state: 'starting' }),
      becomes(simulated, { state: 'started' }),
      becomes(simulated, end),
    ]
    const said = await type('rollback web', simulated, { meanwhile })
    expect(said).toMatchObject({ code, out: expect.stringMatching(says) })
    expect(said.out).toMatch(/^web goes back to 1\.1\.0\.\n/)
    expect(said.err.split('\n')).toEqual([
      'Waiting for the stack to take it up',
      'Waiting for the deployment to begin',
      'web #1 is starting',
      'web #1 has started and is being verified',
    ])
  })

  test('where the tag is always the same, the digest says which image it is', async () => {
    const simulated = simulatedWorld()
    const outcome = { detail: 'live goes back.', deployments: [{ target: 'live', number: 1 }] }
    const image = { repository: 'acme/live', tag: 'live', digest: digestOf('b') }
    const meanwhile = [answered(simulated, outcome), becomes(simulated, { target: 'live', image })]
    const { out } = await type('rollback live', simulated, {
      meanwhile,
      environment: { FARGUARD_CONFIG: 'tests/cli/one-tag.yml' },
    })
    expect(out).toBe('live goes back.\nlive #1 succeeded: acme/live:live bbbbbbbb')
  })

  test('a failure that is being undone is not the end yet', async () => {
    const simulated = simulatedWorld()
    const ended = { reason: 'unhealthy', detail: 'fails its health check', at: '2026-03-01T22:00:00Z' }
    const meanwhile = [
      answered(simulated, led),
      becomes(simulated, { state: 'failed', ended, todo: 'undo' }),
      becomes(simulated, { state: 'rolled-back', ended }),
    ]
    const said = await type('rollback web', simulated, { meanwhile })
    expect(said.err).toContain('web #1 failed, and is being undone')
    expect(said.out).toContain('web #1 rolled-back')
  })

  test('several targets of one push are all waited for', async () => {
    const simulated = simulatedWorld()
    const deployments = ['web', 'staging'].map(target => ({ target, number: 1 }))
    const meanwhile = [
      answered(simulated, { deployments }),
      becomes(simulated, {}),
      becomes(simulated, { target: 'staging', state: 'starting' }),
      becomes(simulated, { target: 'staging', state: 'stopped' }),
    ]
    const said = await type('deploy acme/web:1.1.0 --json', simulated, { meanwhile })
    expect(said.code).toBe(1)
    expect(JSON.parse(said.out)).toMatchObject({
      id: askedOf(simulated).id,
      by: 'ana@laptop',
      wish: { do: 'deploy', repository: 'acme/web', tag: '1.1.0' },
      how: 'settled',
      outcome: { state: 'done', deployments },
      deployments: [
        { target: 'web', state: 'succeeded' },
        { target: 'staging', state: 'stopped' },
      ],
    })
  })

  test('an approval is not waited for beyond its own outcome', async () => {
    const simulated = simulatedWorld()
    const said = await type('approve web 1.1.0', simulated, { meanwhile: [answered(simulated, led)] })
    expect(said).toMatchObject({ code: 0, out: led.detail })
  })

  test('ends after --timeout, and says how to look later', async () => {
    const simulated = simulatedWorld()
    const said = await type('rollback web --timeout 90s', simulated)
    expect(simulated.clock.now().toISOString()).toBe('2026-03-01T22:01:30.000Z')
    expect(said).toMatchObject({ code: 1, out: '' })
    expect(said.err).toContain('Not settled after 1 min. The request stays in the queue.')
    expect(said.err).toContain('To see what became of it: farguard deployments web')
  })

  test('Ctrl-C ends the waiting, not the request', async () => {
    const simulated = simulatedWorld()
    const shell = { meanwhile: [answered(simulated, led), becomes(simulated, { state: 'starting' })], interruptedAt: 3 }
    const said = await type('rollback web', simulated, shell)
    expect(said.code).toBe(130)
    expect(said.err).toContain(
      'No longer waiting. What it began goes on. To see what became of it: farguard deployments',
    )
  })

  test('an answer that was there when Ctrl-C came is shown', async () => {
    const simulated = simulatedWorld()
    const said = await type('hold web', simulated, { meanwhile: [answered(simulated)], interruptedAt: 1 })
    expect(said).toMatchObject({ code: 0, out: 'As asked.' })
  })

  test('a stack that does not answer for a while is asked again; one that refuses is not', async () => {
    const simulated = simulatedWorld()
    const { table } = simulated.world
    const away = failing(table, 2, new RetryableError('dynamodb:GetItem on farguard-dev: TimeoutError: slow'))
    const said = await type('hold web', simulated, { meanwhile: [answered(simulated)], ports: { table: away } })
    expect(said).toMatchObject({ code: 0, out: 'As asked.', err: expect.stringContaining("Can't look just now") })

    const denied = new RefusedError(
      'AccessDeniedException',
      'dynamodb:GetItem on farguard-dev: AccessDeniedException: no',
    )
    const closed = await type('hold web', simulatedWorld(), { ports: { table: failing(table, 1, denied) } })
    expect(closed).toMatchObject({
      code: 1,
      err: expect.stringContaining('Your credentials have no right to dynamodb:GetItem on farguard-dev'),
    })
  })

  test('on a screen it is one line that counts, and is gone at the end', async () => {
    const simulated = simulatedWorld()
    const nothing = () => undefined
    const meanwhile = [nothing, nothing, answered(simulated)]
    const said = await type('hold web', simulated, { meanwhile, columns: 80 })
    expect(said.rewritten).toEqual([
      'Waiting for the stack to take it up (0 s)',
      'Waiting for the stack to take it up (1 s)',
      'Waiting for the stack to take it up (2 s)',
      'Waiting for the stack to take it up (3 s)',
      '',
    ])
    expect(said.err).toBe('')
  })

  test('what the stack says moves no cursor', async () => {
    const simulated = simulatedWorld()
    const meanwhile = [answered(simulated, { detail: 'held\u001b[2J\r\u202eby\nme' })]
    expect((await type('hold web', simulated, { meanwhile })).out).toBe('held\ufffd[2J\ufffd\ufffdby\ufffdme')
  })
})

test('the first outcome of an intent stands', async () => {
  const simulated = simulatedWorld()
  const twice = async () => {
    await answered(simulated, { detail: 'the first' })()
    await answered(simulated, { state: 'refused', detail: 'the second' })()
  }
  const said = await type('hold web', simulated, { meanwhile: [twice] })
  expect(said).toMatchObject({ code: 0, out: 'the first' })
})
