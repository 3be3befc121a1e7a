import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { jsonSchema, jsonSchemaText } from '../../shared/config/json-schema.ts'
import { loadConfig } from '../../shared/config/load.ts'
import { service, sized } from './rendered.ts'

const file = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

test('the committed farguard.schema.json is current: npm run schema writes it', () => {
  expect(file('farguard.schema.json')).toBe(jsonSchemaText())
})

describe('an editor and the loader agree', () => {
  const valid = new Ajv({ strict: false }).compile(jsonSchema())
  test.each([
    ['the example', file('farguard.yml'), true],
    ['a family', `${service}    taskDefinition: web\n`, true],
    [
      'side containers, ports in each form',
      `${sized}        app: { ports: [80, 53/udp, { port: 81, name: x }] }\n        b: { image: nginx }\n`,
      true,
    ],
    [
      'gates in each form',
      `${service}    gates: { scan: { severity: LOW } }\ngates: { scan: HIGH, minimumAge: 1h }\n`,
      true,
    ],
    [
      'cost, budgets and guard in each form',
      `${service}cost: { multiplier: 0.8, spot: { rates: { eu-west-1: { vcpu: 1, gb: 0.1 } } } }
budgets: { b: { limit: $5 a day, covers: all, steps: [{ at: 80% of actual, do: stop to fit }] }, c: { aws: x, covers: [all], steps: [{ at: 80% of actual, do: warn }] } }
guard: { clusters: [default], limits: none, rules: [{ for: all, idle: none, hours: none, maxCost: none }, { for: tag:a, idle: { cpu: 3% }, hours: [06:00 - 22:00 UTC] }] }
`,
      true,
    ],
    ['a multiplier that is a text', `${service}cost: { multiplier: 20% }\n`, false],
    ['a multiplier of nothing', `${service}cost: { multiplier: 0 }\n`, false],
    [
      'a price without its dollars',
      `${service}guard: { clusters: [default], rules: [{ for: all, maxCost: 5 }] }\n`,
      false,
    ],
    [
      'a step that does nothing',
      `${service}budgets: { b: { aws: x, steps: [{ at: 80% of actual, do: sleep }] } }\n`,
      false,
    ],
    ['a guard of no cluster', `${service}guard: { rules: [{ for: all, protect: true }] }\n`, false],
    ['a word that is no severity', `${service}    gates: { scan: high }\n`, false],
    ['an unknown key', `${service}    x: 1\n`, false],
    ['a wrong kind', service.replace('service', 'cron'), false],
    ['a number for a text', service.replace('acme/web', '7'), false],
    ['a wrong name', service.replace('web:', 'Web:'), false],
    ['half a copy', `${service}    count: 1.5\n`, false],
    ['a list for a map', `${sized}        - app\n`, false],
  ])('%s', (_, text, sound) => {
    expect([valid(parse(text)), 'config' in loadConfig(text)]).toEqual([sound, sound])
  })
})

test('every key tells an editor what it is for', () => {
  const silent: string[] = []
  const walk = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return
    const {
      properties = {},
      additionalProperties,
      items,
      anyOf = [],
    } = schema as Record<string, Record<string, unknown> & unknown[]>
    for (const [key, inner] of Object.entries(properties)) {
      if (typeof (inner as { description?: string }).description !== 'string') silent.push(`${path}.${key}`)
      walk(inner, `${path}.${key}`)
    }
    for (const inner of [additionalProperties, items, ...anyOf]) walk(inner, path)
  }
  walk(jsonSchema(), '')
  expect(silent).toEqual([])
})
