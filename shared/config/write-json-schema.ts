/** `npm run schema`: writes farguard.schema.json anew. */
import { writeFileSync } from 'node:fs'
import { jsonSchemaText } from './json-schema.ts'

writeFileSync(new URL('../../farguard.schema.json', import.meta.url), jsonSchemaText())
