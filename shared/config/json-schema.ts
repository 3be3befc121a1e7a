/** The JSON Schema that editors check and complete farguard.yml with. */
import * as z from 'zod'
import { fileSchema } from './schema.ts'

/** Describes the file as it is written. Rules between keys are not in it: `loadConfig` has those too. */
export function jsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(fileSchema, { io: 'input', target: 'draft-7', reused: 'inline' })
  return { $schema, title: 'farguard.yml', ...rest }
}

/** The committed file's text. */
export function jsonSchemaText(): string {
  return `${JSON.stringify(jsonSchema(), null, 2)}\n`
}
