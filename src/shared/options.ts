/** The options that every long call of ferry takes. */

/** Reports of progress; counters are absolute, so a lost or repeated report does no harm. */
export type OnProgress<Event> = (event: Event) => void

export interface RunOptions<Event = never> {
  /** Stops the call within one chunk; it then rejects with `E_CANCELLED` and has cleaned up. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: OnProgress<Event> | undefined
}
