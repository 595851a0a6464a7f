/** The description of the API (OpenAPI 3.1), made out of the operations and the schemas that check their bodies. Pure. */
import type { GenericSchema } from 'valibot'
import { operations } from './api/operations.ts'
import { progressEventSchema } from './api/event-schema.ts'
import { problemSchema } from './api/schemas.ts'

export type ToJsonSchema = (schema: GenericSchema) => object

/** `toJsonSchema` is only there where ferry is built. */
export function describeApi(toJsonSchema: ToJsonSchema): object {
  const paths: Record<string, Record<string, object>> = {}
  const problem = {
    description: 'It could not be done; the hint says what to do next',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  }
  for (const { method, path, summary, body, query, status = 200, type, answer, open } of operations) {
    const names = [...path.matchAll(/:(\w+)/g)].map((match) => match[1] as string)
    const queries = query ? Object.entries(propertiesOf(toJsonSchema(query))) : []
    const parameters = [
      ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...queries.map(([name, schema]) => ({ name, in: 'query', required: false, schema })),
    ]
    const content =
      status === 204
        ? {}
        : {
            content: {
              [type ?? 'application/json']: answer
                ? { schema: { $ref: `#/components/schemas/${answer}` } }
                : {},
            },
          }
    const operation = {
      summary,
      operationId: idOf(method, path),
      ...(parameters.length > 0 && { parameters }),
      ...(body && {
        requestBody: { required: true, content: { 'application/json': { schema: toJsonSchema(body) } } },
      }),
      responses: { [status]: { description: 'Done', ...content }, default: problem },
      ...(open && { security: [] }),
    }
    const key = path.replaceAll(/:(\w+)/g, '{$1}')
    paths[key] = { ...paths[key], [method]: operation }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'ferry',
      version: '1',
      description: 'Jobs of the ferry daemon on this computer: start them, follow them, steer them.',
    },
    servers: [{ url: 'http://127.0.0.1:7877' }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: toJsonSchema(problemSchema), ProgressEvent: toJsonSchema(progressEventSchema) },
    },
  }
}

function propertiesOf(schema: object): Record<string, object> {
  return 'properties' in schema ? (schema.properties as Record<string, object>) : {}
}

/** Such as `postTransfersIdPause`. */
function idOf(method: string, path: string): string {
  const words = path.replace('/api/v1', '').split(/[^a-z]+/i)
  return (
    method +
    words
      .filter(Boolean)
      .map((word) => word[0]?.toUpperCase() + word.slice(1))
      .join('')
  )
}
