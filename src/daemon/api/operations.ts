/** Every operation of the API: what `app.ts` answers and what the description tells are compared with this in a test. */
import type { GenericSchema } from 'valibot'
import {
  cancelFilesSchema,
  cancelSchema,
  emptySchema,
  filesSchema,
  historySchema,
  jobSpecSchema,
  limitsSchema,
  shareSchema,
  syncSchema,
} from './schemas.ts'

export interface Operation {
  readonly method: 'get' | 'post' | 'delete'
  /** Below the address of the daemon; parameters as `:id`. */
  readonly path: string
  readonly summary: string
  readonly body?: GenericSchema
  readonly query?: GenericSchema
  /** Of a good answer; default 200. */
  readonly status?: 201 | 202 | 204
  /** Default `application/json`. */
  readonly type?: 'text/event-stream' | 'text/plain'
  /** The answer, or each event of the stream, where it is described. */
  readonly answer?: 'ProgressEvent'
  /** Asked without the token. */
  readonly open?: true
}

const transfer = '/api/v1/transfers/:id'
const stream = 'text/event-stream'
const answer = 'ProgressEvent'

export const operations: readonly Operation[] = [
  { method: 'get', path: '/api/v1/health', summary: 'Whether the daemon answers', open: true },
  { method: 'get', path: '/api/v1/status', summary: 'Sums of all jobs, and who this is' },
  { method: 'get', path: '/api/v1/transfers', summary: 'All jobs, newest first' },
  { method: 'post', path: '/api/v1/transfers', summary: 'Start a job', body: jobSpecSchema, status: 201 },
  { method: 'get', path: transfer, summary: 'One job' },
  { method: 'get', path: `${transfer}/events`, summary: 'One job, whenever it changes', type: stream },
  { method: 'get', path: `${transfer}/progress`, summary: 'How far a job is', answer },
  {
    method: 'get',
    path: `${transfer}/progress/stream`,
    summary: 'The same as a stream',
    type: stream,
    answer,
  },
  { method: 'post', path: `${transfer}/pause`, summary: 'Hold a job back', body: emptySchema },
  { method: 'post', path: `${transfer}/resume`, summary: 'Let it go on', body: emptySchema },
  { method: 'post', path: `${transfer}/cancel`, summary: 'Stop it', body: cancelSchema },
  { method: 'post', path: `${transfer}/retry`, summary: 'Run it again', body: filesSchema },
  { method: 'post', path: `${transfer}/files/cancel`, summary: 'Leave files out', body: cancelFilesSchema },
  { method: 'post', path: `${transfer}/limits`, summary: 'Change its speed', body: limitsSchema },
  { method: 'get', path: '/api/v1/events', summary: 'All jobs, whenever one changes', type: stream },
  { method: 'get', path: '/api/v1/shares', summary: 'What is offered' },
  { method: 'post', path: '/api/v1/shares', summary: 'Offer files', body: shareSchema, status: 201 },
  { method: 'delete', path: '/api/v1/shares/:id', summary: 'Stop offering, and forget it', status: 204 },
  { method: 'post', path: '/api/v1/syncs', summary: 'Start a sync', body: syncSchema, status: 201 },
  { method: 'get', path: '/api/v1/peers', summary: 'Peers of all jobs' },
  { method: 'get', path: '/api/v1/remotes', summary: 'Places that a sync may name' },
  { method: 'get', path: '/api/v1/history', summary: 'Jobs that ended', query: historySchema },
  { method: 'post', path: '/api/v1/shutdown', summary: 'End the daemon', body: emptySchema, status: 202 },
  { method: 'get', path: '/api/v1/openapi.json', summary: 'This description' },
  { method: 'get', path: '/api/v1/projects/:id/progress', summary: 'As of transfers' },
  { method: 'get', path: '/api/v1/projects/:id/progress/stream', summary: 'As of transfers', type: stream },
  { method: 'get', path: '/metrics', summary: 'Figures for Prometheus', type: 'text/plain' },
]
