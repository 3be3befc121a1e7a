/** A request's JSON, read by the SDK's own schema of the operation: what does not fit is refused by name. */
import type { NormalizedSchema } from '@smithy/core/schema'

/** `kind`: what is wrong, so that each service can answer with its own error code. */
export class InputError extends Error {
  override name = 'InputError'
  readonly kind: 'wrong-type' | 'unknown' | 'missing'
  /** Last name of the path, such as `cluster`. */
  readonly member: string

  constructor(kind: InputError['kind'], member: string, message: string) {
    super(message)
    this.kind = kind
    this.member = member
  }
}

/** The operation's input as the SDK types it: Date, Uint8Array, absent for null. Throws InputError. */
export function readInput(schema: NormalizedSchema, json: unknown): Record<string, unknown> {
  if (schema.isUnitSchema()) return {}
  return readStructure(schema, json, '')
}

function read(schema: NormalizedSchema, json: unknown, path: string): unknown {
  if (schema.isStructSchema()) return readStructure(schema, json, path)
  if (schema.isListSchema()) return readList(schema, json, path)
  if (schema.isMapSchema()) return readMap(schema, json, path)
  if (schema.isStringSchema()) return typeof json === 'string' ? json : wrong(path, json, 'a string')
  if (schema.isBooleanSchema()) return typeof json === 'boolean' ? json : wrong(path, json, 'true or false')
  if (schema.isNumericSchema()) return typeof json === 'number' ? json : wrong(path, json, 'a number')
  if (schema.isTimestampSchema()) {
    return typeof json === 'number' ? new Date(json * 1000) : wrong(path, json, 'a timestamp in epoch seconds')
  }
  if (schema.isBlobSchema()) return readBlob(json, path)
  if (schema.isDocumentSchema()) return json
  throw new Error(`no way to read ${path || 'the input'} of type ${schema.getName(true)}`)
}

function readStructure(schema: NormalizedSchema, json: unknown, path: string): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return wrong(path, json, 'an object')
  const members = schema.getMemberSchemas()
  const value: Record<string, unknown> = {}
  for (const [name, part] of Object.entries(json)) {
    const member = Object.hasOwn(members, name) ? members[name] : undefined
    if (!member) throw unknownMember(name, path, Object.keys(members))
    // Clients may send null for what they leave out.
    if (part !== null) value[name] = read(member, part, join(path, name))
  }
  for (const name of requiredMembers(schema)) {
    if (value[name] !== undefined) continue
    throw new InputError('missing', name, `Missing required parameter in ${path || 'input'}: "${name}"`)
  }
  if (schema.isUnionSchema() && Object.keys(value).length !== 1) {
    throw new InputError('wrong-type', path, `${path} must have exactly one of: ${Object.keys(members).join(', ')}`)
  }
  return value
}

function readList(schema: NormalizedSchema, json: unknown, path: string): unknown[] {
  if (!Array.isArray(json)) return wrong(path, json, 'a list')
  return json.map((entry, position) => read(schema.getValueSchema(), entry, `${path}[${position}]`))
}

function readMap(schema: NormalizedSchema, json: unknown, path: string): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return wrong(path, json, 'a map')
  const entries = Object.entries(json).filter(([, value]) => value !== null)
  return Object.fromEntries(entries.map(([key, value]) => [key, read(schema.getValueSchema(), value, join(path, key))]))
}

function readBlob(json: unknown, path: string): Uint8Array {
  // Buffer.from skips what is not base64: a broken blob would come through as a shorter one.
  if (typeof json !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(json) || json.length % 4 !== 0) {
    return wrong(path, json, 'base64')
  }
  return Buffer.from(json, 'base64')
}

/** The SDK sorts a structure's required members first and says how many there are. */
export function requiredMembers(schema: NormalizedSchema): readonly string[] {
  const structure = schema.getSchema() as unknown as readonly unknown[]
  const [names, count] = [structure[4] as readonly string[], structure[6] as number | undefined]
  return names.slice(0, count ?? 0)
}

const join = (path: string, name: string) => (path ? `${path}.${name}` : name)

function unknownMember(name: string, path: string, known: string[]): InputError {
  const one = `Unknown parameter in ${path || 'input'}: "${name}"`
  return new InputError('unknown', name, `${one}, must be one of: ${known.join(', ')}`)
}

function wrong(path: string, json: unknown, expected: string): never {
  const type = json === null ? 'null' : Array.isArray(json) ? 'a list' : `${typeof json}`
  const member = path.split(/[.[]/)[0] ?? path
  throw new InputError(
    'wrong-type',
    member,
    `Invalid type for parameter ${path || 'input'}: got ${type}, expected ${expected}`,
  )
}
