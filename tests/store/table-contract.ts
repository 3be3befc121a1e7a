/** What every table must do, whatever it is made of. Each test has partitions of its own, so one table serves all. */
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { RefusedError, type StoredRecord, type Table, type TableQuery } from '../../shared/ports.ts'
import { record } from './record.ts'

export function tableContract(engine: string, start: () => Promise<Table>): void {
  describe(`${engine}: a table`, () => {
    let table: Table
    let partition = 0
    const ownPk = () => `test/${++partition}`
    beforeAll(async () => {
      table = await start()
    }, 60_000)

    describe('get and put', () => {
      test('gives back what was put, and nothing for what was not', async () => {
        const pk = ownPk()
        const head = record({ pk, sk: 'head', count: 3, image: { digest: 'sha256:a', tags: ['1.0.0', 'latest'] } })
        expect(await table.put(head, 'absent')).toBe(true)
        expect(await table.get(pk, 'head')).toEqual(head)
        expect(await table.get(pk, 'tail')).toBeUndefined()
        expect(await table.get(`${pk}x`, 'head')).toBeUndefined()
      })

      test('keeps copies: changing what was put or got changes nothing stored', async () => {
        const pk = ownPk()
        const put = record({ pk, nested: { list: [1] } })
        await table.put(put, 'any')
        ;(put.nested as { list: number[] }).list.push(2)
        const got = await table.get(pk, 'head')
        ;(got as { nested: { list: number[] } } | undefined)?.nested.list.push(3)
        expect(await table.get(pk, 'head')).toEqual(record({ pk, nested: { list: [1] } }))
      })

      test('a put replaces the whole record', async () => {
        const pk = ownPk()
        await table.put(record({ pk, gone: true, digestKey: `${pk}/d` }), 'any')
        await table.put(record({ pk, version: 2 }), 'any')
        expect(await table.get(pk, 'head')).toEqual(record({ pk, version: 2 }))
        expect((await table.query({ by: 'digestKey', equals: `${pk}/d` })).records).toEqual([])
      })

      test.each([
        { onlyIf: 'absent' as const, stored: undefined, written: true },
        { onlyIf: 'absent' as const, stored: 4, written: false },
        { onlyIf: { version: 4 }, stored: 4, written: true },
        { onlyIf: { version: 4 }, stored: 5, written: false },
        { onlyIf: { version: 4 }, stored: 3, written: false },
        { onlyIf: { version: 4 }, stored: undefined, written: false },
        { onlyIf: 'any' as const, stored: undefined, written: true },
        { onlyIf: 'any' as const, stored: 9, written: true },
      ])('only if $onlyIf, with $stored stored: written $written', async ({ onlyIf, stored, written }) => {
        const pk = ownPk()
        const before = stored === undefined ? undefined : record({ pk, version: stored, by: 'before' })
        if (before) await table.put(before, 'any')
        const after = record({ pk, version: 5, by: 'after' })
        expect(await table.put(after, onlyIf)).toBe(written)
        expect(await table.get(pk, 'head')).toEqual(written ? after : before)
      })

      test.each([
        { stored: undefined, written: true },
        { stored: { version: 4 }, written: true },
        { stored: { version: 5 }, written: false },
        { stored: { version: 6 }, written: false },
        { stored: { version: 4, isClosed: true }, written: false },
        { stored: { version: 4, isClosed: false }, written: true },
      ])('only if newer, with $stored stored: written $written', async ({ stored, written }) => {
        const pk = ownPk()
        const before = stored && record({ pk, by: 'before', ...stored })
        if (before) await table.put(before, 'any')
        const after = record({ pk, version: 5, by: 'after' })
        expect(await table.put(after, 'newer')).toBe(written)
        expect(await table.get(pk, 'head')).toEqual(written ? after : before)
      })

      test('newer, in any order and doubled: the highest version stays, and what is closed is never reopened', async () => {
        const told = fc.record({ version: fc.integer({ min: 1, max: 9 }), isClosed: fc.option(fc.boolean()) })
        await fc.assert(
          fc.asyncProperty(fc.array(told, { minLength: 1, maxLength: 12 }), async changes => {
            const pk = ownPk()
            let expected: { version: number; isClosed: boolean | null } | undefined
            for (const { version, isClosed } of changes) {
              const taken = !expected || (!expected.isClosed && version > expected.version)
              if (taken) expected = { version, isClosed }
              const change = record({ pk, version, ...(isClosed === null ? {} : { isClosed }) })
              expect(await table.put(change, 'newer')).toBe(taken)
            }
            const stored = await table.get(pk, 'head')
            expect({ version: stored?.version, isClosed: stored?.isClosed ?? null }).toEqual(expected)
          }),
          { numRuns: 40 },
        )
      })

      test('newer, all at once: the highest version stays', async () => {
        const pk = ownPk()
        const versions = [3, 1, 7, 7, 2, 5, 7, 6, 4]
        const written = await Promise.all(versions.map(version => table.put(record({ pk, version }), 'newer')))
        expect(versions.filter((version, nth) => version === 7 && written[nth])).toHaveLength(1)
        expect((await table.get(pk, 'head'))?.version).toBe(7)
      })

      test('of 50 parallel claims exactly one wins, and it is the one stored', async () => {
        const pk = ownPk()
        const claims = Array.from({ length: 50 }, (_, claim) => table.put(record({ pk, claim }), 'absent'))
        const won = (await Promise.all(claims)).flatMap((written, claim) => (written ? [claim] : []))
        expect(won).toHaveLength(1)
        expect((await table.get(pk, 'head'))?.claim).toBe(won[0])
      })

      test('of 50 parallel changes of one version exactly one wins', async () => {
        const pk = ownPk()
        await table.put(record({ pk }), 'absent')
        const change = (claim: number) => table.put(record({ pk, version: 2, claim }), { version: 1 })
        const won = (await Promise.all(Array.from({ length: 50 }, (_, claim) => change(claim)))).filter(Boolean)
        expect(won).toHaveLength(1)
      })
    })

    describe('get many', () => {
      test('records of any partition, each once, however often it was asked for; what is not there is absent', async () => {
        const pk = ownPk()
        const made = ['a', 'b', 'c'].map(sk => record({ pk: `${pk}/${sk}`, sk, isClosed: false }))
        for (const one of made) await table.put(one, 'absent')
        const keys = made.map(({ pk, sk }) => ({ pk, sk }))
        const found = await table.getMany([...keys, ...keys, { pk, sk: 'none' }])
        expect(found.toSorted((a, b) => a.sk.localeCompare(b.sk))).toEqual(made)
      })

      test('in any number', async () => {
        const pk = ownPk()
        const sks = Array.from({ length: 230 }, (_, nth) => `s/${String(nth).padStart(3, '0')}`)
        await Promise.all(sks.map(sk => table.put(record({ pk, sk }), 'absent')))
        const found = await table.getMany(sks.map(sk => ({ pk, sk })))
        expect(found.map(({ sk }) => sk).toSorted()).toEqual(sks)
        expect(await table.getMany([])).toEqual([])
      })

      test('more than an answer holds, 16 MB', async () => {
        const pk = ownPk()
        const text = 'x'.repeat(390 * 1024)
        const sks = Array.from({ length: 50 }, (_, nth) => `s/${nth}`)
        for (const sk of sks) await table.put(record({ pk, sk, text }), 'absent')
        const found = await table.getMany(sks.map(sk => ({ pk, sk })))
        expect(new Set(found.map(({ sk }) => sk))).toEqual(new Set(sks))
        expect(found).toHaveLength(50)
      })

      test('sees at once what was put, and gives copies', async () => {
        const pk = ownPk()
        for (let version = 1; version <= 5; version++) {
          await table.put(record({ pk, version }), 'any')
          const [got] = await table.getMany([{ pk, sk: 'head' }])
          expect(got).toEqual(record({ pk, version }))
          if (got) got.version = 99
        }
      })

      test.each([
        { key: { pk: '', sk: 'head' }, message: /^pk is empty/ },
        { key: { pk: 'a', sk: '' }, message: /^sk is empty/ },
      ])('refuses the key $key', async ({ key, message }) => {
        const refusal = table.getMany([{ pk: 'a', sk: 'b' }, key])
        await expect(refusal).rejects.toThrow(RefusedError)
        await expect(refusal).rejects.toThrow(message)
      })
    })

    describe('what a record may hold', () => {
      test.each<[string, Record<string, unknown>]>([
        ['unicode', { text: 'Grüße, 世界 🚀\u0000\u200b', 'clé 🗝': 'ß' }],
        ['an empty string, list and map', { text: '', list: [], map: {} }],
        ['nesting', { a: { b: [{ c: [[], [null, { d: false }]] }] } }],
        ['numbers', { zero: 0, negative: -1.5, money: 0.04048, large: Number.MAX_SAFE_INTEGER, tiny: 1e-9 }],
        ['null, true and false', { nothing: null, yes: true, no: false }],
        ['names that JavaScript has of its own', { constructor: [], toString: 'x', hasOwnProperty: { length: 1 } }],
        ['names that DynamoDB reserves', { name: 'x', status: 'y', 'a.b': 1, '#c': 2, ':d': 3, size: 4 }],
      ])('%s', async (_, members) => {
        const pk = ownPk()
        await table.put(record({ pk, ...members }), 'absent')
        expect(await table.get(pk, 'head')).toEqual(record({ pk, ...members }))
      })

      test('any plain JSON comes back as it was', async () => {
        const text = fc.string({ unit: 'grapheme', maxLength: 30 })
        const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
        // Doubles whose sign or exponent DynamoDB's numbers do not have are said below, not here.
        const number = fc.oneof(fc.integer(), fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }))
        const scalar = fc.oneof(
          fc.constant(null),
          fc.boolean(),
          text,
          number.map(value => (value === 0 ? 0 : value)),
        )
        const { json } = fc.letrec(tie => ({
          json: fc.oneof({ maxDepth: 4 }, scalar, fc.array(tie('json')), fc.dictionary(name, tie('json'))),
        }))
        await fc.assert(
          fc.asyncProperty(json, async value => {
            fc.pre(!JSON.stringify(value).includes('"__proto__"'))
            const pk = ownPk()
            await table.put(record({ pk, value }), 'absent')
            expect(JSON.parse(JSON.stringify((await table.get(pk, 'head'))?.value))).toEqual(
              JSON.parse(JSON.stringify(value)),
            )
          }),
          { numRuns: 60 },
        )
      })

      test('leaves out members that are undefined, at any depth', async () => {
        const pk = ownPk()
        await table.put(record({ pk, gone: undefined, nested: { gone: undefined, stays: 1 } }), 'absent')
        const stored = await table.get(pk, 'head')
        expect(stored).toStrictEqual(record({ pk, nested: { stays: 1 } }))
      })

      test('half a surrogate pair, from a text that was cut, becomes the replacement character', async () => {
        const pk = ownPk()
        await table.put(record({ pk, reason: '🚀'.slice(0, 1) }), 'absent')
        expect((await table.get(pk, 'head'))?.reason).toBe('\ufffd')
      })

      test.each<[string, Record<string, unknown>, RegExp]>([
        ['a Date', { when: new Date(0) }, /: when is a Date, not plain JSON\. Keep a time as an ISO string/],
        ['a Date deep inside', { a: [{ b: new Date(0) }] }, /: a\.0\.b is a Date/],
        ['a Map', { members: new Map() }, /: members is a Map/],
        ['a Set', { members: new Set(['a']) }, /: members is a Set/],
        ['an instance of a class', { fault: new Error('no') }, /: fault is a Error/],
        ['a function', { run: () => 1 }, /: run is a function/],
        ['a bigint', { count: 1n }, /: count is a bigint/],
        ['undefined in a list', { list: [undefined] }, /: list\.0 is undefined/],
        ['not a number', { count: Number.NaN }, /: count is NaN, a number that DynamoDB cannot hold/],
        ['infinity', { count: Number.POSITIVE_INFINITY }, /: count is Infinity/],
        ['a number beyond 38 digits', { count: 1e126 }, /: count is 1e\+126/],
        [
          'a member that cannot be read back',
          JSON.parse('{"labels":{"__proto__":"x"}}'),
          /: labels has a member __proto__/,
        ],
      ])('refuses %s, and writes nothing', async (_, members, message) => {
        const pk = ownPk()
        const refusal = table.put(record({ pk, ...members }), 'any')
        await expect(refusal).rejects.toThrow(RefusedError)
        await expect(refusal).rejects.toThrow(message)
        expect(await table.get(pk, 'head')).toBeUndefined()
      })

      test('takes 300 KB', async () => {
        const pk = ownPk()
        await table.put(record({ pk, text: 'x'.repeat(300 * 1024) }), 'absent')
        expect((await table.get(pk, 'head'))?.text).toHaveLength(300 * 1024)
      })

      test('refuses more than 400 KB, counted in UTF-8 bytes, and says how large it is', async () => {
        const pk = ownPk()
        const refusal = table.put(record({ pk, text: 'ß'.repeat(205 * 1024) }), 'absent')
        await expect(refusal).rejects.toMatchObject({ name: 'RefusedError', code: 'ValidationException' })
        await expect(refusal).rejects.toThrow(/ has 4199\d\d bytes; DynamoDB takes 409600 \(400 KB\)/)
        expect(await table.get(pk, 'head')).toBeUndefined()
      })

      test.each<[string, Partial<StoredRecord>, RegExp]>([
        ['an empty pk', { pk: '' }, /^pk is empty/],
        ['an empty sk', { sk: '' }, /^sk is empty/],
        ['an empty at', { at: '' }, /^at is empty/],
        ['an sk of more than 1,024 bytes', { sk: 'ß'.repeat(513) }, /^sk has 1026 bytes; DynamoDB takes 1024/],
        ['a pk of more than 2,048 bytes', { pk: 'p'.repeat(2049) }, /^pk has 2049 bytes/],
        ['a tagKey of more than 2,048 bytes', { tagKey: 't'.repeat(2049) }, /^tagKey has 2049 bytes/],
        ['a runningKey of more than 2,048 bytes', { runningKey: 'r'.repeat(2049) }, /^runningKey has 2049 bytes/],
        ['a digestKey that is no string', { digestKey: 7 as never }, /^digestKey is a number; a key is a string/],
      ])('refuses %s', async (_, about, message) => {
        await expect(table.put(record({ pk: ownPk(), ...about }), 'any')).rejects.toThrow(message)
      })

      test.each([
        { expiresAt: 1_772_402_400_000, what: 'milliseconds' },
        { expiresAt: 1_772_402_400.5, what: 'half a second' },
        { expiresAt: -1, what: 'a time before 1970' },
        { expiresAt: '1772402400', what: 'text' },
        { expiresAt: null, what: 'null' },
      ])('refuses an expiresAt that is $what: DynamoDB would keep the record for ever', async ({ expiresAt }) => {
        const pk = ownPk()
        const refusal = table.put(record({ pk, expiresAt: expiresAt as never }), 'any')
        await expect(refusal).rejects.toThrow(
          `expiresAt is ${expiresAt}; it is whole seconds since the epoch. Divide milliseconds by 1,000 and round up.`,
        )
        expect(await table.get(pk, 'head')).toBeUndefined()
      })

      test('an expiresAt in whole seconds is kept', async () => {
        const pk = ownPk()
        await table.put(record({ pk, expiresAt: 1_772_402_400 }), 'absent')
        expect((await table.get(pk, 'head'))?.expiresAt).toBe(1_772_402_400)
      })

      test('an empty key of an index is left off, so the record is not on that index', async () => {
        const pk = ownPk()
        await table.put(record({ pk, tagKey: '', digestKey: '', runningKey: '' }), 'absent')
        expect(await table.get(pk, 'head')).toStrictEqual(record({ pk }))
      })

      test('a record of 2,048 and 1,024 bytes of keys is taken', async () => {
        const pk = ownPk().padEnd(2048, '.')
        const sk = 's'.repeat(1024)
        expect(await table.put(record({ pk, sk, tagKey: pk }), 'absent')).toBe(true)
        expect(await table.get(pk, sk)).toEqual(record({ pk, sk, tagKey: pk }))
      })
    })

    describe('query', () => {
      /** Every record of every page, and how many pages there were. */
      async function all(query: TableQuery): Promise<{ records: StoredRecord[]; pages: number }> {
        const records: StoredRecord[] = []
        for (let pages = 1, from: string | undefined; ; pages++) {
          const page = await table.query({ ...query, ...(from === undefined ? {} : { from }) })
          records.push(...page.records)
          from = page.next
          if (from === undefined) return { records, pages }
        }
      }

      test('by pk: in the order of sk, by its UTF-8 bytes, of this partition only', async () => {
        const pk = ownPk()
        // U+FF5E sorts before U+1F680 in UTF-8, after it in UTF-16.
        const sks = ['deployment/2', 'deployment/10', 'Head', 'head', 'ä', '\uff5e', '🚀', 'a b', '~']
        for (const sk of sks) await table.put(record({ pk, sk }), 'absent')
        await table.put(record({ pk: `${pk}/other`, sk: 'head' }), 'absent')
        const inOrder = ['Head', 'a b', 'deployment/10', 'deployment/2', 'head', '~', 'ä', '\uff5e', '🚀']
        expect((await table.query({ by: 'pk', equals: pk })).records.map(({ sk }) => sk)).toEqual(inOrder)
        const backwards = await table.query({ by: 'pk', equals: pk, newestFirst: true })
        expect(backwards.records.map(({ sk }) => sk)).toEqual(inOrder.toReversed())
      })

      test('by pk sees at once what was put', async () => {
        const pk = ownPk()
        for (let version = 1; version <= 10; version++) {
          await table.put(record({ pk, version }), 'any')
          expect((await table.query({ by: 'pk', equals: pk })).records).toEqual([record({ pk, version })])
        }
      })

      test.each([
        { skPrefix: 'a/', found: ['a/', 'a/1', 'a/2'] },
        { skPrefix: 'a', found: ['a', 'a/', 'a/1', 'a/2', 'aa'] },
        { skPrefix: '', found: ['A/1', 'a', 'a/', 'a/1', 'a/2', 'aa', 'b'] },
        { skPrefix: 'c', found: [] },
      ])('skPrefix "$skPrefix"', async ({ skPrefix, found }) => {
        const pk = ownPk()
        for (const sk of ['b', 'a/2', 'a', 'aa', 'a/1', 'a/', 'A/1']) await table.put(record({ pk, sk }), 'absent')
        expect((await table.query({ by: 'pk', equals: pk, skPrefix })).records.map(({ sk }) => sk)).toEqual(found)
      })

      test.each(['tagKey', 'digestKey', 'runningKey', 'endedKey'] as const)(
        'by %s: whole records of any partition, in the order of at',
        async by => {
          const key = ownPk()
          const made = ['2026-03-01T10:00:00Z', '2026-01-01T10:00:00Z', '2026-02-01T10:00:00Z'].map((at, nth) =>
            record({ pk: `${key}/${nth}`, sk: `s${nth}`, at, [by]: key, detail: { nth } }),
          )
          for (const one of made) await table.put(one, 'absent')
          await table.put(record({ pk: `${key}/other`, [by]: `${key}x` }), 'absent')
          await table.put(record({ pk: `${key}/none` }), 'absent')
          expect((await all({ by, equals: key })).records).toEqual([made[1], made[2], made[0]])
          expect((await all({ by, equals: key, newestFirst: true })).records).toEqual([made[0], made[2], made[1]])
        },
      )

      test('a record leaves the index when its key goes, and moves when its key or at changes', async () => {
        const key = ownPk()
        const first = record({ pk: key, sk: '1', tagKey: key })
        const second = record({ pk: key, sk: '2', tagKey: key, at: '2026-03-02T00:00:00Z' })
        await table.put(first, 'absent')
        await table.put(second, 'absent')
        const later = { ...first, version: 2, at: '2026-03-03T00:00:00Z' }
        await table.put(later, { version: 1 })
        expect((await table.query({ by: 'tagKey', equals: key })).records).toEqual([second, later])
        const { tagKey, ...without } = second
        await table.put({ ...without, version: 2 }, { version: 1 })
        await table.put({ ...later, version: 3, tagKey: `${key}/new` }, { version: 2 })
        expect((await table.query({ by: 'tagKey', equals: key })).records).toEqual([])
        expect((await table.query({ by: 'tagKey', equals: `${key}/new` })).records).toHaveLength(1)
      })

      describe.each([1, 2, 3, 7, 100])('pages of %i', limit => {
        test.each(['pk', 'tagKey', 'digestKey', 'runningKey', 'endedKey'] as const)(
          'by %s: each record once, in order, both ways',
          async by => {
            const key = ownPk()
            const made = Array.from({ length: 7 }, (_, nth) => {
              const pk = by === 'pk' ? key : `${key}/${nth % 3}`
              // Two of each `at`: a page may end between equal ones, where DynamoDB promises no order but loses none.
              const at = `2026-03-0${1 + Math.floor(nth / 2)}T00:00:00Z`
              return record({ pk, sk: `s/${nth}`, at, ...(by === 'pk' ? {} : { [by]: key }) })
            })
            for (const one of made) await table.put(one, 'absent')
            for (const newestFirst of [false, true]) {
              const { records, pages } = await all({ by, equals: key, limit, newestFirst })
              const order = by === 'pk' ? 'sk' : 'at'
              expect(records.map(one => one[order])).toEqual(
                (newestFirst ? made.toReversed() : made).map(one => one[order]),
              )
              expect(new Set(records.map(one => one.sk))).toEqual(new Set(made.map(one => one.sk)))
              expect(pages).toBeGreaterThanOrEqual(Math.ceil(7 / limit))
            }
          },
        )
      })

      test('pages with skPrefix, newest first: the latest decisions', async () => {
        const pk = ownPk()
        for (let nth = 0; nth < 9; nth++) await table.put(record({ pk, sk: `decision/${nth}` }), 'absent')
        await table.put(record({ pk, sk: 'head' }), 'absent')
        const latest: TableQuery = { by: 'pk', equals: pk, skPrefix: 'decision/', newestFirst: true, limit: 2 }
        const first = await table.query(latest)
        expect(first.records.map(({ sk }) => sk)).toEqual(['decision/8', 'decision/7'])
        const second = await table.query({ ...latest, ...(first.next ? { from: first.next } : {}) })
        expect(second.records.map(({ sk }) => sk)).toEqual(['decision/6', 'decision/5'])
      })

      test('more than a megabyte comes in pages, none lost', async () => {
        const pk = ownPk()
        const text = 'x'.repeat(200 * 1024)
        for (let nth = 0; nth < 8; nth++) await table.put(record({ pk, sk: `s/${nth}`, text }), 'absent')
        const { records, pages } = await all({ by: 'pk', equals: pk })
        expect(records.map(({ sk }) => sk)).toEqual(['s/0', 's/1', 's/2', 's/3', 's/4', 's/5', 's/6', 's/7'])
        expect(pages).toBeGreaterThan(1)
      })

      test('nothing found is an empty page, and the last', async () => {
        expect(await table.query({ by: 'tagKey', equals: ownPk() })).toEqual({ records: [] })
      })

      test('a cursor of another query, or none at all, is refused', async () => {
        const pk = ownPk()
        for (const sk of ['a', 'b']) await table.put(record({ pk, sk, tagKey: pk }), 'absent')
        const { next = '' } = await table.query({ by: 'pk', equals: pk, limit: 1 })
        expect(next).not.toBe('')
        const wrong: TableQuery[] = [
          { by: 'pk', equals: ownPk(), from: next },
          { by: 'tagKey', equals: pk, from: next },
          { by: 'pk', equals: pk, skPrefix: 'b', from: next },
          { by: 'pk', equals: pk, from: 'nonsense' },
          { by: 'pk', equals: pk, from: '' },
        ]
        for (const query of wrong) await expect(table.query(query)).rejects.toThrow(/is no page of this query/)
      })

      test.each<[string, Partial<TableQuery>, RegExp]>([
        ['an empty key', { equals: '' }, /^pk is empty/],
        ['a limit of 0', { limit: 0 }, /^limit is 0; it is a whole number of at least 1/],
        ['a limit of 1.5', { limit: 1.5 }, /^limit is 1\.5/],
        ['skPrefix on an index', { by: 'tagKey', skPrefix: 'a' }, /^skPrefix goes with by: 'pk' only/],
      ])('refuses %s', async (_, about, message) => {
        const refusal = table.query({ by: 'pk', equals: 'x', ...about })
        await expect(refusal).rejects.toThrow(RefusedError)
        await expect(refusal).rejects.toThrow(message)
      })
    })
  })
}
