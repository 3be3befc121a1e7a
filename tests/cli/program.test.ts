import { describe, expect, test } from 'vitest'
import { connect, explain } from '../../cli/connection.ts'
import { commands } from '../../cli/program.ts'
import { listen } from '../../local/wire/listen.ts'
import { createWire } from '../../local/wire/wire.ts'
import { simulatedWorld } from '../simulated-world.ts'
import { type } from './shell.ts'

describe('help', () => {
  test.each(Object.keys(commands))('farguard %s --help has an example, and --json', async name => {
    const { code, out } = await type([name, '--help'], simulatedWorld(), { columns: 80 })
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`Examples?:\n  farguard ${name}`))
    expect(out).toContain('--json')
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  test('a command that is none is a mistake of the caller', async () => {
    const { code, err } = await type('stauts', simulatedWorld())
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('Did you mean status?') })
  })
})

describe('errors of the stack', () => {
  const aws = { name: 'stack farguard-dev in eu-central-1', isLocal: false }
  test.each([
    {
      message: 'dynamodb:Query on farguard-dev: ResourceNotFoundException: no such table',
      says: 'There is no stack farguard-dev in eu-central-1. Deploy it, or name another one with --stage.',
    },
    {
      message: 'sqs:GetQueueUrl of farguard-dev-control: QueueDoesNotExist: none',
      says: /has no control queue.*Deploy it anew/,
    },
    {
      message: 'sqs:GetQueueUrl of farguard-dev-control: AccessDenied: User is not authorized',
      says: /^Your credentials have no right to sqs:GetQueueUrl on farguard-dev-control;/,
    },
    { message: 'Could not load credentials from any providers', says: /^No AWS credentials were found/ },
    { message: 'Region is missing', says: /^No AWS Region was found/ },
    { message: 'something else', says: 'stack farguard-dev in eu-central-1: something else' },
  ])('$message', ({ message, says }) => expect(explain(new Error(message), aws)).toMatch(says))

  test('the control queue that is not there is told by the command', async () => {
    const send = () => Promise.reject(new Error('sqs:GetQueueUrl of farguard-x-control: QueueDoesNotExist: none'))
    const said = await type('hold web', simulatedWorld(), { ports: { control: { send } } })
    expect(said).toMatchObject({ code: 1, err: expect.stringContaining('has no control queue') })
  })

  test.each([
    { line: 'status wep --json', code: 2, error: 'farguard.yml has no target wep. Try web' },
    { line: 'logs wep --json', code: 1, error: expect.stringContaining('There is no target, service or task wep.') },
    { line: 'stop wep --json', code: 1, error: expect.stringContaining('There is no target, service or task wep.') },
  ])('$line tells its error to programs', async ({ line, code, error }) => {
    const said = await type(line, simulatedWorld())
    expect(said).toMatchObject({ code, err: '' })
    expect(JSON.parse(said.out)).toEqual({ error })
  })

  test('nothing of an error moves the cursor', async () => {
    const send = () => Promise.reject(new Error('\u001b[2Jgone\nline'))
    const { err } = await type('hold web', simulatedWorld(), { ports: { control: { send } } })
    expect(err).toBe('the test stack: \ufffd[2Jgone line')
  })
})

describe('the time of the stack', () => {
  test('is what its account says, where that is another than ours', async () => {
    const simulated = simulatedWorld()
    const now = async () => new Date('2026-03-05T00:00:00Z')
    const { out } = await type('status', simulated, { ports: { now } })
    expect(out).toMatch(/^the test stack, 2026-03-05 00:00:00Z/)
    await type('hold web --no-wait', simulated, { ports: { now } })
    expect(simulated.sent[0]?.message).toMatchObject({ at: '2026-03-05T00:00:00.000Z' })
    const silent = await type('status', simulated, { ports: { now: async () => undefined } })
    expect(silent.out).toMatch(/^the test stack, 2026-03-01 22:00:00Z/)
  })

  test('is asked of the local account by its port', async () => {
    const { account, ecr, clock } = simulatedWorld()
    const server = await listen(createWire({ account, ecr, now: () => clock.now() }), { port: 0 })
    const { now } = connect({ stage: 'dev', local: new URL(server.url).host }, {})
    try {
      expect(await now?.()).toEqual(new Date('2026-03-01T22:00:00Z'))
      await clock.advance(3_600_000)
      expect(await now?.()).toEqual(new Date('2026-03-01T23:00:00Z'))
    } finally {
      await server.close()
    }
    expect(await now?.()).toBeUndefined()
  })
})

describe('--local', () => {
  test.each([
    { line: '--local status', local: '127.0.0.1:4666' },
    { line: '--local 127.0.0.1:4777 status', local: '127.0.0.1:4777' },
    { line: 'status --local', local: '127.0.0.1:4666' },
    { line: 'status --local localhost:4777', local: 'localhost:4777' },
    { line: 'status --local web', local: '127.0.0.1:4666' },
    { line: 'why --local acme/web:1.4.2', local: '127.0.0.1:4666' },
    { line: 'approve web --local 1.4.2 --no-wait', local: '127.0.0.1:4666' },
    { line: 'status', local: undefined },
  ])('$line', async ({ line, local }) => {
    const asked: unknown[] = []
    await type(line, simulatedWorld(), { onConnect: where => asked.push(where.local) })
    expect(asked).toEqual([local])
  })

  test.each([
    { line: '--local 4741 status', address: '4741' },
    { line: 'status --local 4741', address: '4741' },
    { line: '--local 127.0.0.1 status', address: '127.0.0.1' },
    { line: 'status --local 127.0.0.1', address: '127.0.0.1' },
    { line: '--local host:x status', address: 'host:x' },
    { line: '--local 127.0.0.1:99999 status', address: '127.0.0.1:99999' },
    { line: '--local=farguard.example:4666 status', address: 'farguard.example:4666' },
  ])('$line is refused', async ({ line, address }) => {
    const asked: unknown[] = []
    const { code, err } = await type(line, simulatedWorld(), { onConnect: where => asked.push(where) })
    expect({ code, asked }).toEqual({ code: 2, asked: [] })
    expect(err).toContain(`"${address}" is no host:port of this machine; try 127.0.0.1:4666`)
  })
})

describe('where the stack is', () => {
  test.each([
    { where: { stage: 'dev' }, environment: { AWS_REGION: 'eu-west-1' }, name: 'stack farguard-dev in eu-west-1' },
    { where: { stage: 'prod' }, environment: {}, name: 'stack farguard-prod' },
    { where: { stage: 'dev', local: '127.0.0.1:1' }, environment: {}, name: 'the local account at 127.0.0.1:1' },
    {
      where: { stage: 'dev' },
      environment: { FARGUARD_LOCAL: 'localhost:2' },
      name: 'the local account at localhost:2',
    },
  ])('$name', ({ where, environment, name }) => expect(connect(where, environment).name).toBe(name))
})
