import { describe, expect, test } from 'vitest'
import { parseFreezeWindow } from '../../shared/config/freeze-window.ts'

const [monday, tuesday, wednesday, thursday, friday, saturday, sunday] = [1, 2, 3, 4, 5, 6, 7]

describe('a freeze window as it is written', () => {
  const weekly = (label: string, timeZone: string, from: [number?, number?], to: [number?, number?]) => ({
    kind: 'weekly',
    label,
    timeZone,
    from: { day: from[0], minute: from[1] },
    to: { day: to[0], minute: to[1] },
  })
  const berlin = 'Fri 16:00 - Mon 08:00 Europe/Berlin'

  test('every week, over its end, whatever the spaces and the days’ spelling', () => {
    const expected = (label: string) => ({ windows: [weekly(label, 'Europe/Berlin', [friday, 960], [monday, 480])] })
    expect(parseFreezeWindow(berlin)).toEqual(expected(berlin))
    expect(parseFreezeWindow('  Fri  16:00 -  Mon 08:00 Europe/Berlin ')).toEqual(expected(berlin))
    expect(parseFreezeWindow('friday 16:00-MONDAY 8:00 Europe/Berlin')).toEqual(
      expected('friday 16:00-MONDAY 8:00 Europe/Berlin'),
    )
  })

  test('nearly a whole week, from one day to an earlier time of the same day', () => {
    expect(parseFreezeWindow('Wed 12:00 - Wed 11:00 UTC')).toEqual({
      windows: [weekly('Wed 12:00 - Wed 11:00 UTC', 'UTC', [wednesday, 720], [wednesday, 660])],
    })
  })

  const spans = (text: string) => {
    const parsed = parseFreezeWindow(text)
    if ('problem' in parsed) return parsed.problem
    return parsed.windows.map(window =>
      window.kind === 'weekly'
        ? [window.from.day, window.from.minute, window.to.day, window.to.minute]
        : [window.from, window.to],
    )
  }

  test('every day, over midnight', () => {
    expect(spans('22:00 - 06:00 UTC')).toEqual([
      [monday, 1320, tuesday, 360],
      [tuesday, 1320, wednesday, 360],
      [wednesday, 1320, thursday, 360],
      [thursday, 1320, friday, 360],
      [friday, 1320, saturday, 360],
      [saturday, 1320, sunday, 360],
      [sunday, 1320, monday, 360],
    ])
  })

  test.each([
    [
      'Sat-Sun 08:00 - 20:00 UTC',
      [
        [saturday, 480, saturday, 1200],
        [sunday, 480, sunday, 1200],
      ],
    ],
    [
      'Sun - Mon 22:00 - 06:00 UTC',
      [
        [sunday, 1320, monday, 360],
        [monday, 1320, tuesday, 360],
      ],
    ],
    ['Sun 22:00 - 06:00 UTC', [[sunday, 1320, monday, 360]]],
    ['2026-12-20 18:00 - 2027-01-04 8:00 Europe/Berlin', [['2026-12-20T18:00', '2027-01-04T08:00']]],
    ['2028-02-29T00:00 - 2028-03-01T00:00 UTC', [['2028-02-29T00:00', '2028-03-01T00:00']]],
  ])('%s', (text, expected) => expect(spans(text)).toEqual(expected))

  test.each(['UTC', 'Etc/GMT+5', 'US/Eastern', 'America/Argentina/Buenos_Aires'])('in the zone %s', zone => {
    expect(parseFreezeWindow(`Sun 22:00 - 06:00 ${zone}`)).toMatchObject({ windows: [{ timeZone: zone }] })
  })

  test.each([
    ['', '"" is no freeze window. Try Fri 16:00 - Mon 08:00 Europe/Berlin'],
    ['weekends', '"weekends" is no freeze window. Try Fri 16:00 - Mon 08:00 Europe/Berlin'],
    ['Fri - Mon UTC', '"Fri - Mon UTC" is no freeze window. Try Fri 16:00 - Mon 08:00 Europe/Berlin'],
    [
      `${'x'.repeat(50)} `.repeat(9),
      `"${'x'.repeat(50)} xxxxxx..." is no freeze window. Try Fri 16:00 - Mon 08:00 Europe/Berlin`,
    ],
    [
      `22:00 - 06:00 ${'x'.repeat(100_000)}`,
      `"22:00 - 06:00 ${'x'.repeat(43)}..." is no freeze window. Try Fri 16:00 - Mon 08:00 Europe/Berlin`,
    ],
    ['22:00 - 06:00', '"22:00 - 06:00" names no time zone. Try 22:00 - 06:00 Europe/Berlin'],
    ['22:00 - 06:00 Europe/Berln', '"Europe/Berln" is no time zone. Try Europe/Berlin'],
    ['22:00 - 06:00 Berlin', '"Berlin" is no time zone. Try Europe/Berlin'],
    ['22:00 - 06:00 CEST', '"CEST" is no time zone. Try Europe/Berlin, or UTC'],
    ['22:00 - 06:00 +02:00', '"+02:00" is an offset: a time zone goes by its IANA name. Try Europe/Berlin, or UTC'],
    ['22:00 - 06:00 UTC+2', '"UTC+2" is an offset: a time zone goes by its IANA name. Try Europe/Berlin, or UTC'],
    ['Fry 16:00 - Mon 08:00 UTC', '"Fry" is no day of the week. Try Fri'],
    ['Fri 16:00 - Mndy 08:00 UTC', '"Mndy" is no day of the week. Try Mon, Tue, Wed, Thu, Fri, Sat or Sun'],
    ['Fri 16:00 - Mnday 08:00 UTC', '"Mnday" is no day of the week. Try Monday'],
    ['Fri 24:00 - Mon 08:00 UTC', '24:00 is no time of day: 00:00 to 23:59. Try 00:00 of the next day'],
    ['22:60 - 06:00 UTC', '22:60 is no time of day: 00:00 to 23:59. Try 23:59'],
    ['2026-02-30 00:00 - 2026-03-04 00:00 UTC', '2026-02-30 is no day of the calendar. Try 2026-02-28'],
    ['2026-12-01 00:00 - 2026-13-04 00:00 UTC', '2026-13-04 is no day of the calendar. Try 2026-12-31'],
    ['22:00 - 22:00 UTC', 'begins and ends at the same time, so that it is empty. Try another end'],
    ['Fri 16:00 - Friday 16:00 UTC', 'begins and ends at the same time, so that it is empty. Try another end'],
    [
      '2026-12-20 18:00 - 2026-12-20 18:00 UTC',
      'begins and ends at the same time, so that it is empty. Try another end',
    ],
    [
      '2027-01-04 08:00 - 2026-12-20 18:00 UTC',
      'ends before it begins. Try 2026-12-20 18:00 - 2027-01-04 08:00, or a later end',
    ],
  ])('%s is a problem', (text, problem) => expect(parseFreezeWindow(text)).toEqual({ problem }))
})
