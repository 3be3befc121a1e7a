import { expect, test } from 'vitest'
import { activityIn, readActivity } from '../../local/activity-label.ts'

test.each([
  { label: 'busy', activity: { kind: 'busy', constant: {} } },
  { label: ' nightly ', activity: { kind: 'nightly', constant: {} } },
  { label: 'cpu 3%', activity: { kind: 'idle', constant: { cpuPercent: 3 } } },
  { label: 'memory  40 %', activity: { kind: 'idle', constant: { memoryPercent: 40 } } },
  { label: 'network 10KB/s', activity: { kind: 'idle', constant: { networkBytesPerSecond: 10_000 } } },
  { label: 'network 1.5MB/s', activity: { kind: 'idle', constant: { networkBytesPerSecond: 1_500_000 } } },
  { label: 'idle, requests 5/min', activity: { kind: 'idle', constant: { requestsPerMinute: 5 } } },
  {
    label: 'busy,cpu 0.5%,network 0B/s',
    activity: { kind: 'busy', constant: { cpuPercent: 0.5, networkBytesPerSecond: 0 } },
  },
  { label: 'cpu 250%', activity: { kind: 'idle', constant: { cpuPercent: 100 } } },
])('$label', ({ label, activity }) => expect(readActivity(label)).toEqual(activity))

test.each([
  { label: 'idl', hint: 'Try idle' },
  { label: 'cpu 3', hint: '"cpu 3" of "cpu 3" is no activity. Try cpu 3%' },
  { label: 'busy, netwrok 1KB/s', hint: 'Try network 10KB/s' },
  { label: 'network 10Kbit/s', hint: 'Try network 10KB/s' },
  { label: 'requests 5/s', hint: 'Try requests 30/min' },
  { label: 'idle, busy', hint: 'Only one of busy, idle, nightly can be said, and first. Try busy' },
  { label: '', hint: 'Try busy, idle, nightly, cpu 3%' },
  { label: 'constructor', hint: 'is no activity' },
])('"$label" is told what would be right', ({ label, hint }) => expect(() => readActivity(label)).toThrow(hint))

test('an image whose label is wrong is busy, and that is told', () => {
  const mistakes: string[] = []
  const activity = activityIn(mistake => mistakes.push(mistake))
  expect(activity('acme/web:1', { 'local.activity': 'idle' }).kind).toBe('idle')
  expect(activity('public.ecr.aws/nginx', {}).kind).toBe('busy')
  expect(mistakes).toEqual([])
  expect(activity('acme/web:2', { 'local.activity': 'lazy' }).kind).toBe('busy')
  expect(mistakes).toEqual([
    expect.stringMatching(/^acme\/web:2: local.activity {2}"lazy".* as if it were not there\.$/),
  ])
})
