import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { jsonSchema } from '../../shared/config/json-schema.ts'
import { problemLines, service } from './rendered.ts'

interface Schema {
  properties?: Record<string, Schema>
  additionalProperties?: Schema | boolean
  items?: Schema
  anyOf?: Schema[]
  enum?: string[]
}

test('docs/farguard-yml.md names every key and every word that farguard.yml takes', () => {
  const reference = readFileSync(new URL('../../docs/farguard-yml.md', import.meta.url), 'utf8')
  const code = new Set(
    [...reference.matchAll(/`([^`\n]+)`/g)].flatMap(([, inside = '']) => [inside, ...inside.split(/[^\w-]+/)]),
  )
  const headings = new Set([...reference.matchAll(/^#+ (.*)$/gm)].flatMap(([, inside = '']) => inside.split(/\W+/)))
  const missing = new Set<string>()
  const walk = (schema: Schema): void => {
    for (const word of [...Object.keys(schema.properties ?? {}), ...(schema.enum ?? [])]) {
      if (!code.has(word) && !headings.has(word)) missing.add(word)
    }
    const inner = typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []
    for (const part of [
      ...Object.values(schema.properties ?? {}),
      ...inner,
      ...(schema.items ? [schema.items] : []),
      ...(schema.anyOf ?? []),
    ])
      walk(part)
  }
  walk(jsonSchema() as Schema)
  expect([...missing]).toEqual([])
})

test('what it shows of budgets and of the guard loads, both in one file', () => {
  const reference = readFileSync(new URL('../../docs/farguard-yml.md', import.meta.url), 'utf8')
  const shown = [...reference.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, inside = '']) => inside)
  expect(shown.map(text => text.slice(0, text.indexOf(':')))).toEqual(['budgets', 'guard'])
  expect(problemLines(`${service}    cluster: demo\n${shown.join('')}`)).toEqual([])
})
