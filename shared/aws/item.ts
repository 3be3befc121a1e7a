/** What DynamoDB takes as an item: the rules that every table keeps, whatever it is made of. */
import { RefusedError, type StoredRecord } from '../ports.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const maxItemBytes = 400 * 1024
const maxHashKeyBytes = 2048
const maxRangeKeyBytes = 1024
const maxDepth = 32

/** What puts a record on an index of the same name. */
export const indexKeys = ['tagKey', 'digestKey', 'runningKey', 'endedKey'] as const

/**
 * A deep copy of the record as DynamoDB keeps it: members that are undefined left out, empty index keys
 * too (an index key may not be empty; without it the record just is not on the index). Throws RefusedError for what is
 * not plain JSON, for bad keys, for an `expiresAt` that DynamoDB would not heed and for items above 400 KB.
 */
export function toItem(record: StoredRecord): StoredRecord {
  const name = `${record.pk} / ${record.sk}`
  const item = plain(record, name, []) as StoredRecord
  for (const key of indexKeys) if (item[key] === '') delete item[key]
  checkKey(item.pk, 'pk', maxHashKeyBytes)
  checkKey(item.sk, 'sk', maxRangeKeyBytes)
  checkKey(item.at, 'at', maxRangeKeyBytes)
  for (const key of indexKeys) if (key in item) checkKey(item[key], key, maxHashKeyBytes)
  if (item.expiresAt !== undefined) checkExpiry(item.expiresAt, name)
  const bytes = sizeOf(item)
  if (bytes > maxItemBytes) {
    throw refused(`The record ${name} has ${bytes} bytes; DynamoDB takes ${maxItemBytes} (400 KB). Keep less in it.`)
  }
  return item
}

/** Throws RefusedError when `value` cannot be a key: DynamoDB takes no empty one, and no more than `maxBytes`. */
export function checkKey(value: unknown, name: string, maxBytes = maxHashKeyBytes): void {
  if (typeof value !== 'string') throw refused(`${name} is ${describe(value)}; a key is a string.`)
  if (value === '') throw refused(`${name} is empty; DynamoDB takes no empty key.`)
  const bytes = Buffer.byteLength(value)
  if (bytes > maxBytes) throw refused(`${name} has ${bytes} bytes; DynamoDB takes ${maxBytes} for this key.`)
}

/** The last second of the year 9999: what is above it is meant as milliseconds. */
const latestSecond = 253_402_300_799

/** DynamoDB takes anything here, and never deletes a record whose time to live is not a whole number of seconds. */
function checkExpiry(expiresAt: unknown, record: string): void {
  if (Number.isInteger(expiresAt) && Number(expiresAt) >= 0 && Number(expiresAt) <= latestSecond) return
  const what = `expiresAt is ${String(expiresAt)}; it is whole seconds since the epoch.`
  throw refused(`The record ${record}: ${what} Divide milliseconds by 1,000 and round up.`)
}

export function refused(message: string): RefusedError {
  return new RefusedError('ValidationException', message)
}

function plain(value: unknown, record: string, path: readonly string[]): unknown {
  const where = () => `The record ${record}: ${path.join('.') || 'the whole'}`
  if (path.length > maxDepth) throw refused(`${where()} lies deeper than the ${maxDepth} levels that DynamoDB takes.`)
  if (value === null || typeof value === 'boolean') return value
  // UTF-8, in which DynamoDB keeps text, cannot carry half a surrogate pair, as a text cut at 128 characters may end in.
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value === 'number') {
    const size = Math.abs(value)
    // Number.isFinite alone would let pass what DynamoDB's 38 digits and exponents -130 to 125 do not hold.
    if (!(size === 0 || (size >= 1e-130 && size < 1e126))) {
      throw refused(`${where()} is ${value}, a number that DynamoDB cannot hold.`)
    }
    return value === 0 ? 0 : value
  }
  if (Array.isArray(value)) {
    return Array.from(value, (member, index) => plain(member, record, [...path, String(index)]))
  }
  if (isPlainObject(value)) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined)
    if (Object.hasOwn(value, '__proto__'))
      throw refused(`${where()} has a member __proto__, which cannot be read back.`)
    return Object.fromEntries(members.map(([key, member]) => [key, plain(member, record, [...path, key])]))
  }
  throw refused(`${where()} is ${describe(value)}, not plain JSON. Keep a time as an ISO string.`)
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  return typeof value === 'object' ? `a ${value.constructor?.name ?? 'object'}` : `a ${typeof value}`
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (typeof value === 'number') return 1 + Math.ceil(String(value).replace(/^-?0?\.?0*|\.|e.*$/g, '').length / 2)
  if (Array.isArray(value)) return value.reduce((bytes: number, member) => bytes + 1 + sizeOf(member), 3)
  if (typeof value !== 'object' || value === null) return 1
  return membersSize(value) + 3
}

function membersSize(value: object): number {
  return Object.entries(value).reduce(
    (bytes, [name, member]) => bytes + 1 + Buffer.byteLength(name) + sizeOf(member),
    0,
  )
}
