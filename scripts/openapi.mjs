// Writes the description of the API (src/daemon/api/openapi-text.ts) out of the built schemas. Run it after a build when a
// schema or an operation has changed; test/daemon/openapi.test.ts fails until then.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const { describeForDocs } = await import(join(root, 'dist/test/support/describe-api.js'))
const file = join(root, 'src/daemon/api/openapi-text.ts')
const [comment] = readFileSync(file, 'utf8').split('\n')
const text = JSON.stringify(describeForDocs()).replaceAll('\\', '\\\\').replaceAll("'", "\\'")
writeFileSync(file, `${comment}\nexport const openApiText: string =\n  '${text}'\n`)
