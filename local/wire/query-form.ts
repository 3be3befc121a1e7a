/** The form of a query-protocol request as JSON, by the SDK's own schema: `Tags.member.1.Key=team` is a list of structures. */
import type { NormalizedSchema } from '@smithy/core/schema'
import { InputError } from './input-shape.ts'

type Node = string | Map<string, Node>

/** What `readInput` takes; members that the schema does not have are left for it to refuse. Throws InputError. */
export function formAsJson(schema: NormalizedSchema, form: Iterable<[string, string]>): unknown {
  const root = new Map<string, Node>()
  for (const [path, value] of form) put(root, path, value)
  return schema.isUnitSchema() ? Object.fromEntries(root) : asJson(schema, root, '')
}

function put(root: Map<string, Node>, path: string, value: string): void {
  const names = path.split('.')
  const last = names.pop() ?? ''
  let node = root
  for (const name of names) {
    const inner = node.get(name) ?? new Map<string, Node>()
    if (typeof inner === 'string')
      throw new InputError('wrong-type', name, `${path} is given, and ${name} as a text too`)
    node.set(name, inner)
    node = inner
  }
  node.set(last, value)
}

function asJson(schema: NormalizedSchema, node: Node, path: string): unknown {
  if (schema.isListSchema()) return listAsJson(schema, node, path)
  if (schema.isMapSchema()) return mapAsJson(schema, node, path)
  if (typeof node !== 'string') return schema.isStructSchema() ? structureAsJson(schema, node, path) : nested(node)
  if (schema.isNumericSchema()) return node.trim() === '' || Number.isNaN(Number(node)) ? node : Number(node)
  if (schema.isBooleanSchema()) return node === 'true' ? true : node === 'false' ? false : node
  if (schema.isTimestampSchema()) return Number.isNaN(Date.parse(node)) ? node : Date.parse(node) / 1000
  return node
}

function structureAsJson(schema: NormalizedSchema, node: Map<string, Node>, path: string): unknown {
  const members = schema.getMemberSchemas()
  const entries = [...node].map(([name, part]) => {
    const member = Object.hasOwn(members, name) ? members[name] : undefined
    return [name, member ? asJson(member, part, join(path, name)) : nested(part)]
  })
  return Object.fromEntries(entries)
}

/** `member.1`, `member.2`; an empty list comes as the bare name. */
function listAsJson(schema: NormalizedSchema, node: Node, path: string): unknown {
  const item = schema.getValueSchema()
  return numbered(node, String(item.getMergedTraits().xmlName ?? 'member'), path).map(part => asJson(item, part, path))
}

/** `entry.1.key` and `entry.1.value`, or the names that the schema gives to the two. */
function mapAsJson(schema: NormalizedSchema, node: Node, path: string): unknown {
  const [keyName, valueName] = entryNames(schema)
  const entries = numbered(node, 'entry', path).map(entry => {
    const [key, value] = typeof entry === 'string' ? [] : [entry.get(keyName), entry.get(valueName)]
    if (typeof key !== 'string' || value === undefined)
      throw new InputError('missing', path, `An entry of ${path} lacks its ${keyName} or its ${valueName}`)
    return [key, asJson(schema.getValueSchema(), value, join(path, key))]
  })
  return Object.fromEntries(entries)
}

/** What a map's keys and values are called in forms and in XML. */
export function entryNames(schema: NormalizedSchema): readonly [key: string, value: string] {
  const [key, value] = [schema.getKeySchema(), schema.getValueSchema()]
  return [String(key.getMergedTraits().xmlName ?? 'key'), String(value.getMergedTraits().xmlName ?? 'value')]
}

function numbered(node: Node, name: string, path: string): Node[] {
  if (node === '') return []
  const items = typeof node === 'string' ? undefined : node.get(name)
  if (typeof node === 'string' || node.size !== 1 || items === undefined || typeof items === 'string')
    throw new InputError('wrong-type', path, `${path} is sent as ${path}.${name}.1, ${path}.${name}.2 and so on`)
  const numbers = [...items.keys()].map(Number).sort((one, other) => one - other)
  if (numbers.some(number => !Number.isInteger(number) || number < 1))
    throw new InputError('wrong-type', path, `What follows ${path}.${name} is not a number from 1`)
  return numbers.map(number => items.get(String(number)) ?? '')
}

const nested = (node: Node): unknown =>
  typeof node === 'string' ? node : Object.fromEntries([...node].map(([name, part]) => [name, nested(part)]))

const join = (path: string, name: string) => (path ? `${path}.${name}` : name)
