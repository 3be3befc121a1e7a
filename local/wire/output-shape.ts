/** A model's answer as JSON, by the SDK's own schema. What the schema does not know is a bug of the model, said by name. */
import type { NormalizedSchema } from '@smithy/core/schema'

/** The model answered with something that AWS's own shape does not have. */
export class OutputError extends Error {
  override name = 'OutputError'
}

/** JSON of an operation's output, or of an error's members. Throws OutputError. */
export function writeOutput(schema: NormalizedSchema, value: unknown): unknown {
  if (schema.isUnitSchema()) return {}
  return write(schema, value ?? {}, '')
}

function write(schema: NormalizedSchema, value: unknown, path: string): unknown {
  if (schema.isStructSchema()) return writeStructure(schema, value, path)
  if (schema.isListSchema()) {
    if (!Array.isArray(value)) return bug(path, value, 'a list')
    const entries = schema.getValueSchema()
    // A series of metrics is 100,000 numbers: a path for each of them would cost more than all the rest.
    if (entries.isNumericSchema() || entries.isTimestampSchema()) return value.map(entry => write(entries, entry, path))
    return value.map((entry, position) => write(entries, entry, `${path}[${position}]`))
  }
  if (schema.isMapSchema()) {
    const entries = Object.entries(record(value, path)).filter(([, entry]) => entry !== undefined)
    return Object.fromEntries(
      entries.map(([key, entry]) => [key, write(schema.getValueSchema(), entry, `${path}.${key}`)]),
    )
  }
  if (schema.isStringSchema()) return typeof value === 'string' ? value : bug(path, value, 'a string')
  if (schema.isBooleanSchema()) return typeof value === 'boolean' ? value : bug(path, value, 'a boolean')
  if (schema.isNumericSchema()) return Number.isFinite(value) ? value : bug(path, value, 'a number')
  if (schema.isTimestampSchema()) {
    if (!(value instanceof Date) || Number.isNaN(value.getTime())) return bug(path, value, 'a Date')
    return value.getTime() / 1000
  }
  if (schema.isBlobSchema()) {
    return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : bug(path, value, 'a Uint8Array')
  }
  if (schema.isDocumentSchema()) return value
  return bug(path, value, `of type ${schema.getName(true)}`)
}

function writeStructure(schema: NormalizedSchema, value: unknown, path: string): Record<string, unknown> {
  const members = schema.getMemberSchemas()
  const json: Record<string, unknown> = {}
  for (const [name, part] of Object.entries(record(value, path))) {
    const at = path ? `${path}.${name}` : name
    const member = Object.hasOwn(members, name) ? members[name] : undefined
    if (!member) throw new OutputError(`${schema.getName()} has no member ${at}`)
    if (part !== undefined && part !== null) json[name] = write(member, part, at)
  }
  return json
}

function record(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return bug(path, value, 'an object')
  return value as Record<string, unknown>
}

function bug(path: string, value: unknown, expected: string): never {
  throw new OutputError(`${path || 'the output'} should be ${expected}, and is ${typeof value} ${String(value)}`)
}
