import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { loadConfig, readConfig } from '../../shared/config/load.ts'
import { formatProblems } from '../../shared/config/problems.ts'
import { problemLines, service, task } from './rendered.ts'

describe('a file that is no config at all', () => {
  test.each([
    ['', 'farguard.yml  is empty. Try targets: { web: { repository: acme/web, tags: semver:^1, run: service } }'],
    [
      '# only a comment\n',
      'farguard.yml  is empty. Try targets: { web: { repository: acme/web, tags: semver:^1, run: service } }',
    ],
    [
      'hello',
      'farguard.yml:1:1  "hello" does not fit here. Try targets: { web: { repository: acme/web, tags: semver:^1, run: service } }',
    ],
    [
      '- a',
      'farguard.yml:1:1  is a list, which does not fit here. Try targets: { web: { repository: acme/web, tags: semver:^1, run: service } }',
    ],
    ['{}', 'farguard.yml:1:1  targets  is missing. Try web: { repository: acme/web, tags: semver:^1, run: service }'],
    [
      'targets: {}',
      'farguard.yml:1:10  targets  has no entry. Try web: { repository: acme/web, tags: semver:^1, run: service }',
    ],
    [
      'targets:',
      'farguard.yml:1:9  targets  is empty. Try web: { repository: acme/web, tags: semver:^1, run: service }',
    ],
    [
      'targets: [web]',
      'farguard.yml:1:10  targets  is a list, which does not fit here. Try web: { repository: acme/web, tags: semver:^1, run: service }',
    ],
    ['a\0b', 'farguard.yml  is no text file'],
    [' '.repeat(1024 * 1024 + 1), 'farguard.yml  is larger than 1 MB, which no config is'],
  ])('%#', (text, line) => expect(problemLines(text)).toEqual([line]))
})

describe('YAML that is broken', () => {
  test.each([
    [
      'a tab',
      'targets:\n\tweb: 1\n',
      ['farguard.yml:2:1  a tab indents this line, which YAML does not take. Use spaces'],
    ],
    [
      'two colons',
      'targets: web: 1\n',
      ['farguard.yml:1:10  a second ": " on one line. Put the text in quotes, or begin a new line'],
    ],
    [
      'two documents',
      'targets: {}\n---\ntargets: {}\n',
      ['farguard.yml:2:1  a second document begins here (---). Keep one'],
    ],
    [
      'an open brace',
      'targets: {\n',
      ['farguard.yml:2:1  is no YAML: Flow map in block collection must be sufficiently indented and end with a }'],
    ],
    ['a bare @', 'targets: @x\n', ['farguard.yml:1:10  a text can not begin with "@". Put it in quotes']],
    ['an alias of nothing', 'targets: *t\n', ['farguard.yml:1:10  *t stands for no anchor. Write &t before it']],
    ['a tag', 'targets: !Ref x\n', ['farguard.yml:1:10  a text can not begin with ! unless it is in quotes']],
    [
      'an alias of itself',
      'targets: &t { web: *t }\n',
      ['farguard.yml:1:1  is nested too deeply or grows too large by its aliases'],
    ],
  ])('%s', (_, text, lines) => expect(problemLines(text)).toEqual(lines))

  test('an anchor that merges itself', () => {
    expect(problemLines('targets: &t\n  <<: *t\n')).toEqual([
      'farguard.yml:1:1  is nested too deeply or grows too large by its aliases',
    ])
  })

  test('aliases that multiply are refused in moderate time', () => {
    const levels = Array.from(
      { length: 12 },
      (_, n) => `a${n}: &a${n} [${n === 0 ? 'x' : Array(9).fill(`*a${n - 1}`)}]`,
    )
    expect(problemLines(levels.join('\n'))).toEqual([
      'farguard.yml:1:1  is nested too deeply or grows too large by its aliases',
    ])
  })

  test('deep nesting is refused, not a stack overflow', () => {
    expect(problemLines('['.repeat(300_000)).at(0)).toMatch(/nested too deeply$/)
  })
})

describe('a target', () => {
  test.each([
    [
      'an unknown key',
      `${service}    contaner: app\n`,
      ['farguard.yml:6:5  targets.web.contaner  unknown key "contaner". Try container'],
    ],
    [
      'a key in another style',
      `${service}    task_definition: web\n`,
      ['farguard.yml:6:5  targets.web.task_definition  unknown key "task_definition". Try taskDefinition'],
    ],
    [
      'a key like none',
      `${service}    zzz: 1\n`,
      [
        'farguard.yml:6:5  targets.web.zzz  unknown key "zzz". Known here: repository, tags, run, cluster, service, container, count, capacity, network, taskDefinition, verify, timeout, before, gates',
      ],
    ],
    [
      'a key of a later Farguard',
      `${service}alerts: {}\n`,
      ['farguard.yml:6:1  alerts  unknown key "alerts". Known here: targets, gates, cost, budgets, guard'],
    ],
    [
      'a key twice',
      `${service}    run: task\n`,
      [
        'farguard.yml:2:3  targets.web.network  is missing: a task runs in no network without one. Try { subnets: [subnet-0a1b2c3d4e5f67890] }',
        'farguard.yml:2:3  targets.web.taskDefinition  is missing: a task has no service to take it from. Try the name of a family, or write it out',
        'farguard.yml:6:5  targets.web.run  is written twice, first on line 5. Keep one',
      ],
    ],
    [
      'a number for a text',
      service.replace('semver:^1', '1.20'),
      ['farguard.yml:4:11  targets.web.tags  1.20 is read as a number. Write it in quotes: "1.20"'],
    ],
    [
      'true for a text',
      `${service}    cluster: true\n`,
      ['farguard.yml:6:14  targets.web.cluster  true is read as true or false. Write it in quotes: "true"'],
    ],
    [
      'nothing for a text',
      service.replace('acme/web', ''),
      ['farguard.yml:3:17  targets.web.repository  is empty. Try acme/web'],
    ],
    [
      'an image for a repository',
      service.replace('acme/web', '123456789012.dkr.ecr.eu-west-1.amazonaws.com/Shop/api:1.2'),
      [
        'farguard.yml:3:17  targets.web.repository  "123456789012.dkr.ecr.eu-west-1.amazonaws.com/Shop/api:1.2" is not an ECR repository\'s name. Try shop/api',
      ],
    ],
    [
      'an ARN for a cluster',
      `${service}    cluster: arn:aws:ecs:eu-west-1:123456789012:cluster/shop\n`,
      [
        'farguard.yml:6:14  targets.web.cluster  "arn:aws:ecs:eu-west-1:123456789012:cluster/shop" is not an ECS cluster\'s name. Try shop',
      ],
    ],
    [
      'an unknown kind',
      service.replace('service', 'jobs'),
      ['farguard.yml:5:10  targets.web.run  "jobs" is none of its values. Try job'],
    ],
    [
      'a name of 25 signs',
      service.replace('web:', `${'w'.repeat(25)}:`),
      [
        `farguard.yml:2:3  targets.${'w'.repeat(25)}  "${'w'.repeat(25)}" is not a target's name: 1 to 24 of a-z, 0-9 and -. Try ${'w'.repeat(24)}`,
      ],
    ],
    [
      'a list for a target',
      'targets:\n  web: [1]\n',
      [
        'farguard.yml:2:8  targets.web  is a list, which does not fit here. Try { repository: acme/web, tags: semver:^1, run: service }',
      ],
    ],
    [
      'a key that is no key',
      `${service}    __proto__: {}\n`,
      [
        'farguard.yml:6:5  targets.web.__proto__  "__proto__" can not be a key. Choose another name',
        'farguard.yml:6:5  targets.web.__proto__  unknown key "__proto__". Known here: repository, tags, run, cluster, service, container, count, capacity, network, taskDefinition, verify, timeout, before, gates',
      ],
    ],
    [
      'what a terminal would obey',
      service.replace('acme/web', '"a\\e[31m"'),
      ['farguard.yml:3:17  targets.web.repository  "a\\u001b[31m" is not an ECR repository\'s name. Try acme/web'],
    ],
  ])('%s', (_, text, lines) => expect(aligned(problemLines(text))).toEqual(lines))

  test('a service keeps what is its own', () => {
    expect(
      aligned(
        problemLines(`${service}    count: 2\n    capacity: spot\n    network: { subnets: [subnet-0a1b2c3d] }\n`),
      ),
    ).toEqual([
      'farguard.yml:6:5  targets.web.count  a service has its desired count of its own in ECS, and keeps it. Remove this key',
      'farguard.yml:7:5  targets.web.capacity  a service has its launch type or capacity providers of its own in ECS, and keeps it. Remove this key',
      'farguard.yml:8:5  targets.web.network  a service has its network of its own in ECS, and keeps it. Remove this key',
    ])
  })

  test('a job has no count and no service', () => {
    expect(
      aligned(
        problemLines(
          `${service.replace('run: service', 'run: job')}    count: 2\n    service: x\n    network: { subnets: [] }\n    taskDefinition: web\n`,
        ),
      ),
    ).toEqual([
      'farguard.yml:6:5  targets.web.count  a job runs once for each push. Remove this key, or write run: task',
      'farguard.yml:7:5  targets.web.service  only a service target has one. Remove this key, or write run: service',
      'farguard.yml:8:25  targets.web.network.subnets  is an empty list. Try [subnet-0a1b2c3d4e5f67890]',
    ])
  })

  test.each([
    ['0', '0 is not a whole number from 1 to 100. Try 1'],
    ['101', '101 is not a whole number from 1 to 100. Try 100'],
    ['1.5', '1.5 is not a whole number from 1 to 100. Try 2'],
    ['.inf', 'Infinity is not a whole number from 1 to 100'],
    ['two', '"two" is not a whole number from 1 to 100'],
    ['[1]', 'a list is not a whole number from 1 to 100'],
    ['', 'is empty. Try a whole number from 1 to 100'],
  ])('count: %s', (count, message) => {
    const lines = problemLines(
      `targets: { web: { repository: acme/web, tags: newest, run: task, taskDefinition: web, network: { subnets: [subnet-0a1b2c3d] }, count: ${count} } }`,
    )
    expect(lines.map(line => line.split('  ').at(-1))).toEqual([message])
  })

  test.each([
    ['web:3', '"web:3" is not a task definition family\'s name. Try web'],
    [
      'arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:7',
      '"arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:7" is not a task definition family\'s name. Try shop',
    ],
    ['7', '7 is not the name of a family or a task definition. Try web, or cpu, memory, executionRole and containers'],
    [
      '[]',
      'a list is not the name of a family or a task definition. Try web, or cpu, memory, executionRole and containers',
    ],
  ])('taskDefinition: %s', (source, message) => {
    expect(aligned(problemLines(`${service}    taskDefinition: ${source}\n`))).toEqual([
      `farguard.yml:6:21  targets.web.taskDefinition  ${message}`,
    ])
  })

  test('a misnamed one is checked as well', () => {
    expect(aligned(problemLines('targets:\n  Web: { repository: acme/web, tags: 1, run: service }\n'))).toEqual([
      'farguard.yml:2:3  targets.Web  "Web" is not a target\'s name: 1 to 24 of a-z, 0-9 and -. Try web',
      'farguard.yml:2:38  targets.Web.tags  1 is read as a number. Write it in quotes: "1"',
    ])
  })

  test('a subnet twice', () => {
    const text = task.replace('[subnet-0a1b2c3d]', '[subnet-0a1b2c3d, subnet-0a1b2c3d]')
    expect(problemLines(`${text}      cpu: 256\n      memory: 512\n      containers: { app: {} }\n`)).toEqual([
      'farguard.yml:6:43  targets.worker.network.subnets[1]  subnet-0a1b2c3d is in the list twice. Keep one',
    ])
  })

  test('two on one service, also by their defaults', () => {
    const other =
      'targets:\n  web: { repository: acme/web, tags: newest, run: service, cluster: default }\n  next: { repository: acme/next, tags: newest, run: service, service: web }\n  far: { repository: acme/far, tags: newest, run: service, service: web, cluster: far }\n'
    expect(problemLines(other)).toEqual([
      'farguard.yml:3:71  targets.next.service  service "web" in cluster "default" is web\'s already. Name another service, or keep one of the two',
    ])
  })

  test.each([
    ['semver:^1.x.y', '"semver:^1.x.y" is not a semver range. Try semver:^1'],
    ['semver:latest', '"semver:latest" is not a semver range. Try semver:^1'],
    ['semver:', '"semver:" says nothing after semver:. Try semver:^1'],
    ['^1.2', '"^1.2" names no tag policy. Try semver:^1.2'],
    ['latest', '"latest" names no tag policy. Try exact:latest'],
    ['release-*', '"release-*" names no tag policy. Try glob:release-*'],
    ['Semver:^2', '"Semver:^2" names no tag policy. Try semver:^2'],
    ['newst', '"newst" names no tag policy. Try newest'],
    ['newest:3', '"newest:3" says more than newest takes. Try newest'],
    [
      'exact:a/b',
      '"exact:a/b" is not a tag: up to 128 letters, digits, _ . -, beginning with a letter, digit or _. Try exact:latest',
    ],
    ['exact:v*', '"exact:v*" has signs that no tag has. Try glob:v*'],
    ['glob:{a', '"glob:{a" has a { that is not a choice such as {a,b}. Try glob:release-*'],
    ['glob:a b', '"glob:a b" has " ", which no tag has. Try glob:release-*'],
    ['regex:^(a', '"regex:^(a" is not a regular expression (RE2): missing closing ): `^(a`. Try regex:^\\d{8}-'],
    ['regex:(?!a)b', '"regex:(?!a)b" looks around, which a linear-time regex (RE2) can not. Try regex:^\\d{8}-'],
    [`regex:${'a'.repeat(300)}`, `"regex:${'a'.repeat(51)}..." is longer than 256 characters`],
  ])('tags: %s', (tags, message) => {
    expect(aligned(problemLines(service.replace('semver:^1', `'${tags}'`)))).toEqual([
      `farguard.yml:4:11  targets.web.tags  ${message}`,
    ])
  })
})

describe('what YAML offers', () => {
  test('anchors, aliases and merge keys are taken, with a byte-order mark and Windows line ends', () => {
    const text = `\uFEFF${service}  other:\n    <<: &rest { run: service, cluster: prod }\n    repository: acme/other\n    tags: newest\n  third: { <<: *rest, repository: acme/third, tags: newest }\n`
    const loaded = loadConfig(text.replaceAll('\n', '\r\n'))
    expect('config' in loaded && loaded.config.targets.map(({ name, cluster }) => `${cluster}/${name}`)).toEqual([
      'default/web',
      'prod/other',
      'prod/third',
    ])
  })

  test('a mistake in an anchor is said once, where it is', () => {
    const text = `${task.replace('{ subnets: [subnet-0a1b2c3d] }', '&net { subnets: [vpc-1] }')}      cpu: 256\n      memory: 512\n      containers: { app: {} }\n  two: { repository: acme/two, tags: newest, run: job, network: *net, taskDefinition: two }\n  three: { repository: acme/x, tags: newest, run: job, taskDefinition: x, <<: { network: *net } }\n`
    expect(problemLines(text)).toEqual([
      'farguard.yml:6:31  targets.worker.network.subnets[0]  "vpc-1" is not a subnet\'s id. Try subnet-0a1b2c3d4e5f67890',
    ])
  })

  test('a hundred and more uses of one anchor are no attack', () => {
    const uses = Array.from(
      { length: 300 },
      (_, n) => `  t${n}: { repository: acme/web, tags: newest, run: job, taskDefinition: web, network: *net }`,
    )
    const first =
      '  first: { repository: acme/web, tags: newest, run: job, taskDefinition: web, network: &net { subnets: [subnet-0a1b2c3d] } }'
    const loaded = loadConfig(['targets:', first, ...uses].join('\n'))
    expect('config' in loaded && loaded.config.targets.length).toBe(301)
  })
})

describe('a file', () => {
  test('that is not there, a directory, or not UTF-8 is one clear line', () => {
    const folder = mkdtempSync(join(tmpdir(), 'farguard-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'latin'), Buffer.from([0x61, 0xe9, 0x62]))
    const messages = ['missing', '.', 'latin'].map(name => {
      const loaded = readConfig(join(folder, name))
      return 'problems' in loaded ? formatProblems('f', loaded.problems) : ''
    })
    expect(messages).toEqual([
      'f  can not be read: there is no such file. FARGUARD_CONFIG names another file\n1 problem. Nothing was changed.',
      'f  can not be read: it is a directory. FARGUARD_CONFIG names another file\n1 problem. Nothing was changed.',
      'f  is not UTF-8 text. Save it as UTF-8\n1 problem. Nothing was changed.',
    ])
  })

  test('the report is aligned and ends with the count', () => {
    const loaded = loadConfig(`${service.replace('semver:^1', 'semver:^1.x.y')}    x: 1\n\n\n\n    cluster: a b\n`)
    expect('problems' in loaded && formatProblems('farguard.yml', loaded.problems)).toBe(
      `farguard.yml:4:11   targets.web.tags  "semver:^1.x.y" is not a semver range. Try semver:^1
farguard.yml:6:5    targets.web.x  unknown key "x". Known here: repository, tags, run, cluster, service, container, count, capacity, network, taskDefinition, verify, timeout, before, gates
farguard.yml:10:14  targets.web.cluster  "a b" is not an ECS cluster's name. Try prod
3 problems. Nothing was changed.`,
    )
  })

  test('the example of this repository loads', () => {
    const loaded = readConfig(new URL('../../farguard.yml', import.meta.url).pathname)
    expect(
      'config' in loaded && loaded.config.targets.map(({ name, run, tags }) => `${name} ${run.kind} ${tags.kind}`),
    ).toEqual(['web service semver', 'worker task exact', 'nightly job newest'])
  })
})

/** The place is padded to the longest; the tables compare what is said. */
function aligned(lines: readonly string[]): string[] {
  return lines.map(line => line.replace(/^(\S+) {2,}/, '$1  '))
}
