import { describe, expect, test } from 'vitest'
import type { Gates } from '../../shared/config/config.ts'
import { loadConfig } from '../../shared/config/load.ts'
import { problemLines, service } from './rendered.ts'

const open: Gates = { freeze: [], minimumAgeMs: 0, needsApproval: false }

/** The gates of the one target, with these of its own and these for all. */
function gatesOf(own: string, ofAll: string): unknown {
  const loaded = loadConfig(`${service}${own && `    gates: ${own}\n`}${ofAll && `gates: ${ofAll}\n`}`)
  return 'config' in loaded ? loaded.config.targets[0]?.gates : loaded.problems
}

const everything = '{ freeze: [Fri 16:00 - Mon 08:00 UTC], minimumAge: 1h30m, scan: HIGH, approval: required }'
const weekend = {
  kind: 'weekly',
  label: 'Fri 16:00 - Mon 08:00 UTC',
  timeZone: 'UTC',
  from: { day: 5, minute: 960 },
  to: { day: 1, minute: 480 },
}
const high = { severity: 'HIGH', withinMs: 900_000, otherwise: 'hold' }
const closed = { freeze: [weekend], minimumAgeMs: 5_400_000, scan: high, needsApproval: true }

describe('gates', () => {
  test.each([
    { case: 'none', own: '', ofAll: '', gates: open },
    { case: 'a target’s own', own: everything, ofAll: '', gates: closed },
    { case: 'those of all', own: '', ofAll: everything, gates: closed },
    {
      case: 'an own member instead of the default’s',
      own: '{ minimumAge: 30s }',
      ofAll: everything,
      gates: { ...closed, minimumAgeMs: 30_000 },
    },
    {
      case: 'an own freeze replaces the list, and is not added to it',
      own: '{ freeze: [2026-12-24 00:00 - 2026-12-27 00:00 UTC] }',
      ofAll: everything,
      gates: {
        ...closed,
        freeze: [
          {
            kind: 'once',
            label: '2026-12-24 00:00 - 2026-12-27 00:00 UTC',
            timeZone: 'UTC',
            from: '2026-12-24T00:00',
            to: '2026-12-27T00:00',
          },
        ],
      },
    },
    {
      case: 'each switched off',
      own: '{ freeze: [], minimumAge: 0s, scan: none, approval: none }',
      ofAll: everything,
      gates: open,
    },
    {
      case: 'scan: a map',
      own: '{ scan: { severity: LOW } }',
      ofAll: '',
      gates: { ...open, scan: { ...high, severity: 'LOW' } },
    },
    {
      case: 'scan: all of its map',
      own: '{ scan: { severity: CRITICAL, within: 2h, otherwise: deploy } }',
      ofAll: '{ scan: HIGH }',
      gates: { ...open, scan: { severity: 'CRITICAL', withinMs: 7_200_000, otherwise: 'deploy' } },
    },
  ])('$case', ({ own, ofAll, gates }) => expect(gatesOf(own, ofAll)).toEqual(gates))

  test('a daily window is seven weekly ones, of one label', () => {
    expect(gatesOf('{ freeze: [22:00 - 06:00 UTC] }', '')).toMatchObject({
      freeze: Array.from({ length: 7 }, (_, nth) => ({ label: '22:00 - 06:00 UTC', from: { day: nth + 1 } })),
    })
  })

  test.each([
    [
      '{ freeze: [Fri 16:00 - Mon 08:00] }',
      'targets.web.gates.freeze[0]  "Fri 16:00 - Mon 08:00" names no time zone. Try Fri 16:00 - Mon 08:00 Europe/Berlin',
    ],
    [
      '{ freeze: Fri 16:00 - Mon 08:00 UTC }',
      'targets.web.gates.freeze  "Fri 16:00 - Mon 08:00 UTC" does not fit here. Try [Fri 16:00 - Mon 08:00 Europe/Berlin]',
    ],
    ['{ freeze: [1] }', 'targets.web.gates.freeze[0]  1 is read as a number. Write it in quotes: "1"'],
    [
      '{ freeze: [{ from: 1 }] }',
      'targets.web.gates.freeze[0]  is no freeze window. Try Fri 16:00 - Mon 08:00 Europe/Berlin',
    ],
    ['{ minimumAge: 31d }', 'targets.web.gates.minimumAge  "31d" is outside 0s to 30d. Try 30m'],
    ['{ minimumAge: 30 }', 'targets.web.gates.minimumAge  30 has no unit. Try 30s'],
    [
      '{ minAge: 30m }',
      'targets.web.gates.minAge  unknown key "minAge". Known here: freeze, minimumAge, scan, approval',
    ],
    ['{ scan: high }', 'targets.web.gates.scan  "high" is none of its values. Try HIGH'],
    ['{ scan: true }', 'targets.web.gates.scan  true does not fit here. Try CRITICAL, HIGH, MEDIUM, LOW or none'],
    ['{ scan: { within: 5m } }', 'targets.web.gates.scan.severity  is missing. Try CRITICAL, HIGH, MEDIUM or LOW'],
    [
      '{ scan: { severity: none } }',
      'targets.web.gates.scan.severity  "none" is none of its values. Try CRITICAL, HIGH, MEDIUM or LOW',
    ],
    ['{ scan: { severity: HIGH, within: 90 } }', 'targets.web.gates.scan.within  90 has no unit. Try 90s'],
    ['{ scan: { severity: HIGH, within: 5 } }', 'targets.web.gates.scan.within  5 has no unit. Try 5m'],
    [
      '{ scan: { severity: HIGH, otherwise: wait } }',
      'targets.web.gates.scan.otherwise  "wait" is none of its values. Try hold or deploy',
    ],
    ['{ approval: yes }', 'targets.web.gates.approval  "yes" is none of its values. Try required or none'],
    ['{ approval: true }', 'targets.web.gates.approval  true does not fit here. Try required or none'],
    ['', 'targets.web.gates  is empty. Try { freeze: [Fri 16:00 - Mon 08:00 Europe/Berlin] }'],
  ])('gates: %s', (own, line) => {
    expect(problemLines(`${service}    gates: ${own}\n`).map(plain)).toEqual([line])
  })

  test('those of all targets are checked where they stand', () => {
    expect(problemLines(`${service}gates: { scan: { severity: HGH } }\n`).map(plain)).toEqual([
      'gates.scan.severity  "HGH" is none of its values. Try HIGH',
    ])
  })
})

function plain(line: string): string {
  return line.replace(/^farguard\.yml:6:\d+ {2}/, '')
}
