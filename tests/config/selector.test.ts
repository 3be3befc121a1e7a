import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseSelector } from '../../shared/config/selector.ts'

describe('what a selector picks', () => {
  test.each([
    ['all', { by: 'all' }],
    [' standalone ', { by: 'standalone' }],
    ['target:web', { by: 'target', name: 'web' }],
    ['cluster:Demo_1', { by: 'cluster', name: 'Demo_1' }],
    ['service:web', { by: 'service', name: 'web' }],
    ['service:demo/web', { by: 'service', cluster: 'demo', name: 'web' }],
    ['family:nightly-report', { by: 'family', name: 'nightly-report' }],
    ['tag:env', { by: 'tag', key: 'env' }],
    ['tag:env=dev', { by: 'tag', key: 'env', value: 'dev' }],
    ['tag:team=a=b', { by: 'tag', key: 'team', value: 'a=b' }],
    ['tag:cost centre=4 711', { by: 'tag', key: 'cost centre', value: '4 711' }],
    ['tag:aws:cloudformation:stack-name=shop', { by: 'tag', key: 'aws:cloudformation:stack-name', value: 'shop' }],
    ['tag:Straße=Süd', { by: 'tag', key: 'Straße', value: 'Süd' }],
  ])('%s', (text, selector) => expect(parseSelector(text)).toEqual(selector))

  test.each([
    ['web', 'picks nothing that there is. Try target:web'],
    [
      '',
      'picks nothing that there is. Try all, standalone, target:web, cluster:demo, service:demo/web, family:reports, tag:env=dev',
    ],
    ['All', 'picks nothing that there is. Try all'],
    ['stand-alone', 'picks nothing that there is. Try standalone'],
    ['all:', 'picks nothing that there is. Try all'],
    ['tags:env=dev', 'picks nothing that there is. Try tag:env=dev'],
    ['Cluster:prod', 'picks nothing that there is. Try cluster:prod'],
    ['env=dev', 'picks nothing that there is. Try tag:env=dev'],
    [
      'constructor:x',
      'picks nothing that there is. Try all, standalone, target:web, cluster:demo, service:demo/web, family:reports, tag:env=dev',
    ],
    ['target:', 'says nothing after target:. Try target:web'],
    ['target: ', 'says nothing after target:. Try target:web'],
    ['target:Web', "has no target's name: 1 to 24 of a-z, 0-9 and -. Try target:web"],
    ['cluster:arn:aws:ecs:eu-west-1:123456789012:cluster/demo', "has no cluster's name. Try cluster:demo"],
    ['cluster:a b', "has no cluster's name. Try cluster:demo"],
    ['family:reports:7', "has no task definition family's name. Try family:reports"],
    [
      'service:arn:aws:ecs:eu-west-1:123456789012:service/demo/web',
      'has no name of a service, or of a cluster and a service. Try service:demo/web',
    ],
    ['service:a/b/c', 'has no name of a service, or of a cluster and a service. Try service:demo/web'],
    ['service:/web', 'has no name of a service, or of a cluster and a service. Try service:demo/web'],
    ['tag:=dev', 'names no key before =. Try tag:env=dev'],
    ['tag:env=', 'names no value after =. Try tag:env, which takes any'],
    ['tag:env = dev', 'has spaces around =, which would count. Try tag:env=dev'],
    ['tag:env=d€v', 'is no tag as AWS takes them: letters, digits, spaces and _.:/=+-@. Try tag:env=dev'],
    ['tag:env=*', 'is no tag as AWS takes them: letters, digits, spaces and _.:/=+-@. Try tag:env=dev'],
  ])('%s is refused', (text, problem) => {
    const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text
    expect(parseSelector(text)).toEqual({ problem: `"${shown}" ${problem}` })
  })

  test('keys have 128 characters at most, values 256', () => {
    const tag = (key: number, value: number) => parseSelector(`tag:${'k'.repeat(key)}=${'v'.repeat(value)}`)
    expect(tag(128, 256)).toMatchObject({ by: 'tag' })
    expect([tag(129, 256), tag(128, 257)]).toEqual([{ problem: expect.any(String) }, { problem: expect.any(String) }])
  })

  test('whatever is offered in place of a wrong one is right', () => {
    const word = fc.constantFrom(
      'tag',
      'Tags',
      'service',
      'cluster',
      'famly',
      'target',
      'all',
      'web',
      'env',
      ':',
      '=',
      '/',
      ' ',
      'A',
      '*',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(word, { maxLength: 7 }).map(words => words.join('')),
          fc.string(),
        ),
        text => {
          const parsed = parseSelector(text)
          if (!('problem' in parsed)) return
          const offered = /\. Try (.*)$/su.exec(parsed.problem)?.[1]?.replace(/, .*/s, '')
          expect(parseSelector(offered ?? '')).not.toHaveProperty('problem')
        },
      ),
      { numRuns: 2000 },
    )
  })
})
