import type { StoredRecord } from '../../shared/ports.ts'

/** A record with what every record has; a test names only what it is about. */
export function record(about: Partial<StoredRecord> = {}): StoredRecord {
  return { pk: 'target/web', sk: 'head', schema: 1, version: 1, at: '2026-03-01T22:00:00.000Z', ...about }
}
