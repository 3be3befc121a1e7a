/** A model's answer as the XML of the query protocol, by the SDK's own schema. */
import type { NormalizedSchema } from '@smithy/core/schema'
import { writeOutput } from './output-shape.ts'
import { entryNames } from './query-form.ts'

/** The elements within `<ActionResult>`. Throws OutputError for what AWS's shape does not have. */
export function writeXml(schema: NormalizedSchema, value: unknown): string {
  return elements(schema, writeOutput(schema, value) as Record<string, unknown>)
}

function elements(schema: NormalizedSchema, members: Record<string, unknown>): string {
  const schemas = schema.getMemberSchemas()
  return Object.entries(members)
    .map(([name, value]) => element(name, content(schemas[name] as NormalizedSchema, value)))
    .join('')
}

function content(schema: NormalizedSchema, value: unknown): string {
  if (schema.isStructSchema()) return elements(schema, value as Record<string, unknown>)
  if (schema.isListSchema()) {
    const item = schema.getValueSchema()
    const name = String(item.getMergedTraits().xmlName ?? 'member')
    return (value as unknown[]).map(one => element(name, content(item, one))).join('')
  }
  if (schema.isMapSchema()) {
    const [keyName, valueName] = entryNames(schema)
    return Object.entries(value as Record<string, unknown>)
      .map(([key, one]) => element(keyName, xmlText(key)) + element(valueName, content(schema.getValueSchema(), one)))
      .map(entry => element('entry', entry))
      .join('')
  }
  if (schema.isTimestampSchema()) return new Date(Number(value) * 1000).toISOString()
  return xmlText(String(value))
}

const element = (name: string, inside: string) => `<${name}>${inside}</${name}>`

/** Text with everything escaped that XML would take for something else, a carriage return (for a line feed) included. */
export const xmlText = (text: string) => text.replace(/[<>&"'\r]/g, character => `&#${character.charCodeAt(0)};`)
