import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FreezeWindow, Gates, ScanGate } from '../../shared/config/config.ts'
import { type Gate, type GateFacts, gate, holdReasons } from '../../shared/deploy/gates.ts'
import { type ImageScan, severities } from '../../shared/ports.ts'
import { noGates } from './targets.ts'

const image = { tag: '1.4.2', digest: 'sha256:a', pushedAt: '2026-07-08T11:50:00.000Z' }
/** A Wednesday. */
const noon = new Date('2026-07-08T12:00:00.000Z')
const [minute, hour] = [60_000, 3_600_000]

function facts(of: Partial<GateFacts> = {}): GateFacts {
  return { image, isApproved: false, scan: 'not-asked', ...of }
}

function gates(of: Partial<Gates>): Gates {
  return { ...noGates, ...of }
}

/** `frozen until 13:00`, `held`, `open` or `ask-scan`. */
function summary(answer: Gate): string {
  if (answer.isOpen === true) return 'open'
  if (answer.isOpen === 'ask-scan') return 'ask-scan'
  return answer.until === undefined ? answer.reason : `${answer.reason} until ${answer.until.slice(11, 19)}`
}

const overNoon: FreezeWindow = {
  kind: 'weekly',
  label: 'Wed 10:00 - 13:00 UTC',
  timeZone: 'UTC',
  from: { day: 3, minute: 600 },
  to: { day: 3, minute: 780 },
}
const hold = { because: 'the fair', by: 'ana', at: '2026-07-07T09:00:00.000Z' }
const high: ScanGate = { severity: 'HIGH', withinMs: 15 * minute, otherwise: 'hold' }
const clean: ImageScan = { state: 'complete', counts: { MEDIUM: 4 } }

describe('each gate', () => {
  test.each<{ case: string; gates: Partial<Gates>; facts?: Partial<GateFacts>; is: string }>([
    { case: 'none', gates: {}, is: 'open' },
    { case: 'an operator’s hold, where there is no gate', gates: {}, facts: { hold }, is: 'held' },
    { case: 'a freeze', gates: { freeze: [overNoon] }, is: 'frozen until 13:00:00' },
    { case: 'a freeze that is over', gates: { freeze: [{ ...overNoon, to: { day: 3, minute: 720 } }] }, is: 'open' },
    {
      case: 'no minimum age, by a clock of ECR’s that is ahead',
      gates: {},
      facts: { image: { ...image, pushedAt: '2026-07-08T12:00:02.000Z' } },
      is: 'open',
    },
    { case: 'too young', gates: { minimumAgeMs: hour }, is: 'too-young until 12:50:00' },
    { case: 'old enough, to the moment', gates: { minimumAgeMs: 10 * minute }, is: 'open' },
    { case: 'by a millisecond too young', gates: { minimumAgeMs: 10 * minute + 1 }, is: 'too-young until 12:00:00' },
    { case: 'no approval', gates: { needsApproval: true }, is: 'not-approved' },
    { case: 'an approval', gates: { needsApproval: true }, facts: { isApproved: true }, is: 'open' },
  ])('$case', ({ gates: of, facts: known, is }) => expect(summary(gate(gates(of), facts(known), noon))).toBe(is))

  test('says what holds, for people', () => {
    const detail = (of: Partial<Gates>, known: Partial<GateFacts> = {}) => {
      const answer = gate(gates(of), facts(known), noon)
      return answer.isOpen ? undefined : answer.detail
    }
    expect([
      detail({}, { hold }),
      detail({ freeze: [overNoon] }),
      detail({ minimumAgeMs: hour }),
      detail({ minimumAgeMs: hour }, { image: { tag: 'x', digest: 'y' } }),
      detail({ scan: high }, { scan: { state: 'complete', counts: { CRITICAL: 1, HIGH: 2, LOW: 9 } } }),
      detail({ needsApproval: true }),
    ]).toEqual([
      'held by ana since 2026-07-07T09:00:00.000Z: the fair',
      'frozen until 2026-07-08T13:00:00.000Z: Wed 10:00 - 13:00 UTC',
      'too young until 2026-07-08T12:50:00.000Z: pushed at 2026-07-08T11:50:00.000Z',
      'too young until 2026-07-08T13:00:00.000Z: ECR does not say when it was pushed: counted from when it was first held back',
      'the scan found 1 CRITICAL, 2 HIGH',
      'nobody has approved 1.4.2 as sha256:a yet',
    ])
  })
})

describe('an image of unknown age', () => {
  const unknown = { tag: '1.4.2', digest: 'sha256:a' }
  test.each([
    { case: 'counts from now at first', heldSince: undefined, is: 'too-young until 13:00:00' },
    {
      case: 'counts from when it was held back',
      heldSince: '2026-07-08T11:30:00.000Z',
      is: 'too-young until 12:30:00',
    },
    { case: 'is old enough in the end', heldSince: '2026-07-08T11:00:00.000Z', is: 'open' },
  ])('$case', ({ heldSince, is }) => {
    expect(summary(gate(gates({ minimumAgeMs: hour }), facts({ image: unknown, heldSince }), noon))).toBe(is)
  })
})

describe('a scan', () => {
  const pending: ImageScan = { state: 'pending' }
  const none: ImageScan = { state: 'none', why: 'it was never scanned' }
  const deploy: ScanGate = { ...high, otherwise: 'deploy' }
  const heldFor = (ms: number) => new Date(noon.getTime() - ms).toISOString()

  test.each<{ case: string; scan: ImageScan; gate?: ScanGate; heldSince?: string; is: string }>([
    { case: 'with milder findings only', scan: clean, is: 'open' },
    { case: 'without findings', scan: { state: 'complete', counts: {} }, is: 'open' },
    { case: 'with findings of this severity', scan: { state: 'complete', counts: { HIGH: 1 } }, is: 'scan-findings' },
    { case: 'with worse findings', scan: { state: 'complete', counts: { CRITICAL: 1 } }, is: 'scan-findings' },
    {
      case: 'with findings of no severity',
      scan: { state: 'complete', counts: { UNDEFINED: 3, INFORMATIONAL: 1 } },
      gate: { ...high, severity: 'LOW' },
      is: 'open',
    },
    { case: 'with a count of zero', scan: { state: 'complete', counts: { HIGH: 0 } }, is: 'open' },
    {
      case: 'with findings, whatever happens without',
      scan: { state: 'complete', counts: { HIGH: 1 } },
      gate: deploy,
      heldSince: heldFor(hour),
      is: 'scan-findings',
    },
    { case: 'that goes on', scan: pending, is: 'scan-pending until 12:01:00' },
    {
      case: 'that goes on, shortly before the deadline',
      scan: pending,
      heldSince: heldFor(15 * minute - 20_000),
      is: 'scan-pending until 12:00:20',
    },
    { case: 'that goes on at the deadline', scan: pending, heldSince: heldFor(15 * minute), is: 'scan-missing' },
    {
      case: 'that goes on at the deadline, to deploy',
      scan: pending,
      gate: deploy,
      heldSince: heldFor(15 * minute),
      is: 'open',
    },
    { case: 'that has perhaps not begun', scan: none, is: 'scan-pending until 12:01:00' },
    { case: 'that has perhaps not begun, to deploy', scan: none, gate: deploy, is: 'scan-pending until 12:01:00' },
    { case: 'that never came', scan: none, heldSince: heldFor(15 * minute), is: 'scan-missing' },
    { case: 'that never came, to deploy', scan: none, gate: deploy, heldSince: heldFor(15 * minute), is: 'open' },
  ])('$case', ({ scan, gate: scanGate = high, heldSince, is }) => {
    expect(summary(gate(gates({ scan: scanGate }), facts({ scan, heldSince }), noon))).toBe(is)
  })

  test('is asked for only where a gate wants it', () => {
    expect(summary(gate(gates({ scan: high }), facts(), noon))).toBe('ask-scan')
    expect(summary(gate(gates({}), facts(), noon))).toBe('open')
  })
})

test('what holds is said in an order: nobody is asked to approve what would be held back anyway', () => {
  const all = gates({ freeze: [overNoon], minimumAgeMs: hour, scan: high, needsApproval: true })
  const bad: ImageScan = { state: 'complete', counts: { HIGH: 1 } }
  const steps: [Gates, Partial<GateFacts>][] = [
    [all, { hold }],
    [all, {}],
    [{ ...all, freeze: [] }, {}],
    [{ ...all, freeze: [], minimumAgeMs: 0 }, {}],
    [{ ...all, freeze: [], minimumAgeMs: 0 }, { scan: bad }],
    [{ ...all, freeze: [], minimumAgeMs: 0 }, { scan: clean }],
    [
      { ...all, freeze: [], minimumAgeMs: 0 },
      { scan: clean, isApproved: true },
    ],
  ]
  expect(steps.map(([of, known]) => summary(gate(of, facts(known), noon)).split(' ')[0])).toEqual([
    'held',
    'frozen',
    'too-young',
    'ask-scan',
    'scan-findings',
    'not-approved',
    'open',
  ])
})

describe('whatever is known', () => {
  const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined })
  const time = fc.integer({ min: -48 * 60, max: 48 * 60 }).map(of => new Date(noon.getTime() + of * minute))
  const iso = time.map(of => of.toISOString())
  const scanGate = fc.record<ScanGate>({
    severity: fc.constantFrom('CRITICAL', 'HIGH', 'MEDIUM', 'LOW'),
    withinMs: fc.integer({ min: minute, max: 24 * hour }),
    otherwise: fc.constantFrom('hold', 'deploy'),
  })
  const someGates = fc
    .record({
      freeze: fc.subarray([overNoon]),
      minimumAgeMs: fc.constantFrom(0, minute, hour, 24 * hour),
      scan: optional(scanGate),
      needsApproval: fc.boolean(),
    })
    .map(({ scan, ...rest }): Gates => ({ ...rest, ...(scan && { scan }) }))
  const scan: fc.Arbitrary<ImageScan> = fc.oneof(
    fc.constant<ImageScan>({ state: 'pending' }),
    fc.constant<ImageScan>({ state: 'none', why: 'it was never scanned' }),
    fc
      .dictionary(fc.constantFrom(...severities), fc.nat(3))
      .map((counts): ImageScan => ({ state: 'complete', counts })),
  )
  const someFacts = fc
    .record({
      pushedAt: optional(iso),
      hold: optional(fc.constant(hold)),
      isApproved: fc.boolean(),
      scan,
      heldSince: optional(iso),
    })
    .map(
      ({ pushedAt, ...rest }): GateFacts => ({
        image: { tag: 'x', digest: 'y', ...(pushedAt !== undefined && { pushedAt }) },
        ...rest,
      }),
    )

  test('the answer is open, or a known reason with a later moment to look again', () => {
    fc.assert(
      fc.property(someGates, someFacts, time, (of, known, now) => {
        const answer = gate(of, known, now)
        expect(answer.isOpen).not.toBe('ask-scan')
        if (answer.isOpen) return
        expect(holdReasons).toContain(answer.reason)
        expect(answer.detail).not.toBe('')
        if (answer.until !== undefined) expect(Date.parse(answer.until)).toBeGreaterThan(now.getTime())
      }),
    )
  })

  test('looking again when it says so comes to an end: open, or what only a person can open', () => {
    fc.assert(
      fc.property(someGates, someFacts, time, (of, known, begin) => {
        let now = begin
        const heldSince = known.heldSince ?? begin.toISOString()
        for (let looks = 0; looks < 10_000; looks++) {
          const answer = gate(of, { ...known, heldSince }, now)
          if (answer.isOpen || answer.until === undefined) return
          now = new Date(answer.until)
        }
        expect.fail('It would be looked at for ever')
      }),
    )
  })

  test('what is open stays open, but for a freeze', () => {
    fc.assert(
      fc.property(someGates, someFacts, time, fc.nat(72 * 60), (of, known, now, later) => {
        const unfrozen = { ...of, freeze: [] }
        const heldSince = known.heldSince ?? now.toISOString()
        if (gate(unfrozen, { ...known, heldSince }, now).isOpen !== true) return
        const answer = gate(unfrozen, { ...known, heldSince }, new Date(now.getTime() + later * minute))
        expect(answer.isOpen).toBe(true)
      }),
    )
  })
})
