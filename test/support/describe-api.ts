/** The description of the API as the schemas have it now. */
import { toJsonSchema } from '@valibot/to-json-schema'
import { describeApi } from '../../src/daemon/openapi.ts'

export function describeForDocs(): object {
  return describeApi((schema) => {
    const { $schema: _, ...rest } = toJsonSchema(schema, { target: 'draft-2020-12', typeMode: 'input' })
    return rest
  })
}
