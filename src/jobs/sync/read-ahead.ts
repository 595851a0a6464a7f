/**
 * Small files of a peer, asked for one by one and fetched many at a time: as long as they are asked for in about the order
 * of the manifest, those that follow are fetched along, more of them each time. Pure but for what it is given.
 */

export interface SmallFile {
  /** Of the entry, in the numbers of the manifest. */
  readonly number: number
  /** Bytes. */
  readonly size: number
}

export interface ReadAheadOptions<File extends SmallFile> {
  /** The first `count` small files, not empty ones, from entry `number` on. */
  following(number: number, count: number): readonly File[]
  /** Fetches files at once; each gets its content or its own error. Never throws itself. */
  fetch(files: readonly File[]): readonly Promise<Uint8Array>[]
}

export interface ReadAhead<File extends SmallFile> {
  read(file: File): Promise<Uint8Array>
}

/** Files of one request: 256 of 4 KiB are what the largest request carries. */
const maxFiles = 256
/** Bytes of one request. */
export const maxBatchBytes: number = 1024 * 1024
/** Fetched and not asked for: what is not wanted after all goes. */
const maxKeptBytes: number = 8 * 1024 * 1024
/** Of so many files asked for last it is told whether what is in between is worth fetching along … */
const asksKept = 32
/** … which it is when they lie so close together: a third of the entries, since not all are files, or small. */
const leastShare = 1 / 3
/** Further away than this from what was asked for last, something else begins. */
const leapEntries = 256

export function createReadAhead<File extends SmallFile>(options: ReadAheadOptions<File>): ReadAhead<File> {
  /** In the order in which they were asked for. */
  const kept = new Map<number, { readonly content: Promise<Uint8Array>; readonly size: number }>()
  let keptBytes = 0
  /** Numbers asked for last. Files are asked for several at once, so not in strict order. */
  let asks: number[] = []
  /** Files of the next request. */
  let count = 1
  /** The first number that was not fetched along yet, and from which on the next request is made. */
  let end = 0
  let marker = Number.POSITIVE_INFINITY

  function take(number: number): Promise<Uint8Array> | undefined {
    const found = kept.get(number)
    if (!found) return undefined
    kept.delete(number)
    keptBytes -= found.size
    return found.content
  }

  /** True when what lies between is likely to be asked for as well. */
  function isDense(number: number): boolean {
    const last = asks.at(-1) ?? number
    if (Math.abs(number - last) > leapEntries) {
      asks = []
      count = 1
      end = number
      marker = Number.POSITIVE_INFINITY
    }
    asks.push(number)
    if (asks.length > asksKept) asks.shift()
    return asks.length >= (Math.max(...asks) - Math.min(...asks) + 1) * leastShare
  }

  const fetchOne = (file: File): Promise<Uint8Array> => options.fetch([file])[0] as Promise<Uint8Array>

  function start(files: readonly File[]): void {
    const contents = options.fetch(files)
    files.forEach(({ number, size }, index) => {
      const content = contents[index] as Promise<Uint8Array>
      // It is asked for later, or never.
      content.catch(() => undefined)
      void take(number)
      kept.set(number, { content, size })
      keptBytes += size
    })
    for (const oldest of kept.keys()) {
      if (keptBytes <= maxKeptBytes) break
      void take(oldest)
    }
    end = (files.at(-1)?.number ?? end) + 1
    marker = files[files.length >> 1]?.number ?? Number.POSITIVE_INFINITY
  }

  function grow(): void {
    count = Math.min(maxFiles, count * 2)
  }

  return {
    async read(file) {
      const { number } = file
      const isAlong = isDense(number)
      const found = take(number)
      if (found) {
        // The next request is under way before the last one is used up.
        if (isAlong && number >= marker) {
          marker = Number.POSITIVE_INFINITY
          grow()
          const next = upTo(options.following(end, count))
          if (next.length > 0) start(next)
        }
        return await found
      }
      if (!isAlong || number < end) {
        end = Math.max(end, number + 1)
        return await fetchOne(file)
      }
      // Those passed over are asked for soon: others were quicker.
      const passed = options.following(end, leapEntries).filter((other) => other.number < number)
      start(upTo([...passed, file, ...options.following(number + 1, count - 1)]))
      grow()
      return await (take(number) ?? fetchOne(file))
    },
  }
}

/** As many of the files, at least one, as one request carries. */
function upTo<File extends SmallFile>(files: readonly File[]): readonly File[] {
  let bytes = 0
  const index = files.findIndex(({ size }, order) => (bytes += size) > maxBatchBytes && order > 0)
  return index < 0 ? files : files.slice(0, index)
}
