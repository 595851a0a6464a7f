/** What the test server is told to do wrong, and when. */
import type { Bucket } from './store.ts'

export type S3Fault =
  /** Answered instead of doing anything. */
  | {
      readonly kind: 'error'
      readonly status: number
      readonly code: string
      readonly headers?: Readonly<Record<string, string>>
      readonly details?: Readonly<Record<string, string>>
    }
  /** The connection is cut; nothing is done. */
  | { readonly kind: 'reset-before' }
  /** It is done, and the connection is cut instead of an answer. */
  | { readonly kind: 'reset-after' }
  /** Status 200, and an error in the body; nothing is done. */
  | { readonly kind: 'error-in-200'; readonly code: string }
  /** The body ends after `bytes`; `Content-Length` promised all of it. */
  | { readonly kind: 'truncate'; readonly bytes: number }
  /** The body ends after `bytes`, and `Content-Length` says so, or is left out. */
  | { readonly kind: 'short-body'; readonly bytes: number; readonly withLength: boolean }
  /** Nothing comes after `bytes` of the body. */
  | { readonly kind: 'stall'; readonly bytes: number }
  /** No answer at all. */
  | { readonly kind: 'silence' }
  /** Someone else is quicker; then all goes on as usual. */
  | { readonly kind: 'meanwhile'; readonly run: (bucket: Bucket) => void | Promise<void> }

export interface FaultPlan {
  /** From the `nth` call (1 is the next one) of `operation` on, `times` times. */
  add(operation: string, nth: number, fault: S3Fault, times?: number): void
  /** Forgets all that was added. */
  clear(): void
  /** Counts a call. */
  take(operation: string): S3Fault | undefined
}

export function createFaultPlan(): FaultPlan {
  const rules: { operation: string; wait: number; times: number; readonly fault: S3Fault }[] = []
  return {
    add(operation, nth, fault, times = 1) {
      rules.push({ operation, wait: nth - 1, times, fault })
    },
    clear: () => void rules.splice(0),
    take(operation) {
      let found: S3Fault | undefined
      for (const rule of rules) {
        if (rule.operation !== operation || rule.times <= 0) continue
        if (rule.wait > 0) rule.wait--
        else if (!found) {
          rule.times--
          found = rule.fault
        }
      }
      return found
    },
  }
}
