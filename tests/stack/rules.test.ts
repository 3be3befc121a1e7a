import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Config } from '../../shared/config/config.ts'
import { pushPatterns, pushRules } from '../../stack/rules.ts'

function configOf(repositories: readonly string[]): Config {
  return {
    targets: repositories.map((repository, nth) => ({
      name: `t${nth}`,
      repository,
      tags: { kind: 'newest' },
      cluster: 'default',
      run: { kind: 'service', service: `t${nth}`, taskDefinition: { from: 'running' } },
    })),
  }
}

const named = (config: Config) => pushPatterns(config).flatMap(pattern => pattern.detail['repository-name'])

describe('rules', () => {
  test('ask for successful pushes to the repositories named, once each, whatever their order', () => {
    const expected = [
      {
        source: ['aws.ecr'],
        'detail-type': ['ECR Image Action'],
        detail: { 'action-type': ['PUSH'], result: ['SUCCESS'], 'repository-name': ['acme/api', 'acme/web'] },
      },
    ]
    expect(pushPatterns(configOf(['acme/web', 'acme/api', 'acme/web']))).toEqual(expected)
    expect(pushPatterns(configOf(['acme/api', 'acme/web']))).toEqual(expected)
  })

  test('name every repository exactly once, in patterns of at most 2,048 characters, none of which could hold the next name', () => {
    const segment = fc.stringMatching(/^[a-z0-9]{2,60}$/)
    const repository = fc.array(segment, { minLength: 1, maxLength: 4 }).map(parts => parts.join('/'))
    fc.assert(
      fc.property(fc.uniqueArray(repository, { minLength: 1, maxLength: 200 }), repositories => {
        const patterns = pushPatterns(configOf(repositories))
        expect(named(configOf(repositories))).toEqual(repositories.toSorted())
        for (const [nth, pattern] of patterns.entries()) {
          const length = JSON.stringify(pattern).length
          expect(length).toBeLessThanOrEqual(2048)
          const following = patterns[nth + 1]?.detail['repository-name'][0]
          if (following !== undefined) expect(length + following.length + 3).toBeGreaterThan(2048)
        }
      }),
    )
  })

  test('each rule sends to the queue, and what does not arrive to the dead letters', () => {
    const config = configOf(Array.from({ length: 200 }, (_, nth) => `acme/a-repository-with-some-name-${nth}`))
    const rules = pushRules(config, { prefix: 'farguard-dev', queue: 'Q', deadLetters: 'D' })
    expect(Object.keys(rules).length).toBeGreaterThan(3)
    for (const rule of Object.values(rules)) {
      expect(rule.Properties.Targets).toEqual([
        {
          Id: 'images',
          Arn: { 'Fn::GetAtt': ['Q', 'Arn'] },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['D', 'Arn'] } },
        },
      ])
    }
  })
})
