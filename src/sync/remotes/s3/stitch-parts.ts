/**
 * From the segments of a new version to the parts of a multipart upload. Parts but the last have at least 5 MiB, so what
 * is smaller is either *padded* (sent with as much of the old version beside it), or *staged*: a temporary object is made
 * of a large part that is copied and the small piece as its last part, which may have any size; copied whole, that object
 * is one legal part. Staging goes on from stage to stage, so any row of small pieces can be built; and when no old bytes
 * may stand in front, the first stage begins with 5 MiB of any, which the final copy leaves out by its range.
 *
 * Pure. Invariant: the parts, in order, are exactly the new version, and all rules of S3 about parts are kept.
 */
import type { Segment } from '../../remote.ts'
import { copyPartBytes, leastPartBytes, mostParts } from './limits.ts'

/** A stretch of the new version at `at`: to be sent, or to be copied from `from` of the old version. */
export type Stretch =
  | { readonly kind: 'data'; readonly at: number; readonly length: number }
  | { readonly kind: 'copy'; readonly at: number; readonly length: number; readonly from: number }

/** What a temporary object is made of, in order. `previous` is the whole stage before it. */
export type StagePiece =
  | { readonly kind: 'data'; readonly at: number; readonly length: number }
  | { readonly kind: 'copy'; readonly from: number; readonly length: number }
  | { readonly kind: 'previous'; readonly length: number }

export interface StagedPart {
  readonly kind: 'staged'
  readonly at: number
  readonly length: number
  /** Bytes at the start of the last stage that do not belong to the part. */
  readonly skip: number
  readonly stages: readonly (readonly StagePiece[])[]
}

export type StitchedPart = Stretch | StagedPart

export interface StitchCosts {
  readonly uplinkBytesPerSecond: number
  readonly rttMs: number
  /** Requests under way at once. */
  readonly parallelism: number
}

export interface StitchRules {
  readonly leastPartBytes: number
  readonly mostParts: number
  readonly copyPartBytes: number
  /** Size of a sent part. */
  readonly partBytes: number
}

export const s3Rules: Omit<StitchRules, 'partBytes'> = { leastPartBytes, mostParts, copyPartBytes }

/** Create, two parts, complete, remove. */
const requestsPerStage = 5
/** A longer chain would take minutes. */
const maxStages = 64

/** Half-open pieces of equal size, none larger than `most`. */
export function splitRange(from: number, length: number, most: number): { from: number; length: number }[] {
  const count = Math.max(1, Math.ceil(length / most))
  return Array.from({ length: count }, (_, index) => {
    const start = Math.floor((length * index) / count)
    return { from: from + start, length: Math.floor((length * (index + 1)) / count) - start }
  })
}

/**
 * `oldSize` and all figures in bytes. The parts are in order; there is none only when the new version is empty.
 */
export function stitchParts(
  segments: readonly Segment[],
  oldSize: number,
  costs: StitchCosts,
  rules: StitchRules,
): readonly StitchedPart[] {
  // A range is copied out of larger objects only.
  const isTooSmall = oldSize <= rules.leastPartBytes
  const stretches = joinNeighbours(
    isTooSmall ? segments.map(({ length }) => ({ kind: 'data', length })) : segments,
  )
  for (let least = rules.leastPartBytes, { partBytes } = rules; ; least *= 2, partBytes *= 2) {
    const parts = stitch(absorbSmallCopies(stretches, costs), costs, { ...rules, partBytes }, least)
    if (parts.length <= rules.mostParts) return parts
  }
}

/** Bytes of the new version that a plan sends. */
export function bytesToSend(parts: readonly StitchedPart[]): number {
  let sum = 0
  for (const part of parts)
    for (const piece of part.kind === 'staged' ? part.stages.flat() : [part])
      if (piece.kind === 'data') sum += piece.length
  return sum
}

/** Places in the new version; neighbours that continue each other are one. */
function joinNeighbours(segments: readonly Segment[]): Stretch[] {
  const stretches: Stretch[] = []
  let at = 0
  for (const segment of segments) {
    if (segment.length === 0) continue
    const last = stretches.at(-1)
    const continues =
      segment.kind === 'data'
        ? last?.kind === 'data'
        : last?.kind === 'copy' && last.from + last.length === segment.from
    if (last && continues) stretches[stretches.length - 1] = { ...last, length: last.length + segment.length }
    else stretches.push({ ...segment, at })
    at += segment.length
  }
  return stretches
}

function secondsOf(stages: number, { rttMs, parallelism }: StitchCosts): number {
  return (stages * requestsPerStage * rttMs) / 1000 / parallelism
}

/** A copy between two pieces of data that is sent quicker than two stages are made. */
function absorbSmallCopies(stretches: readonly Stretch[], costs: StitchCosts): Stretch[] {
  const limit = secondsOf(2, costs) * costs.uplinkBytesPerSecond
  const kept: Stretch[] = []
  for (const [index, stretch] of stretches.entries()) {
    const last = kept.at(-1)
    const isData =
      stretch.kind === 'data' ||
      (stretch.length <= limit && last?.kind === 'data' && stretches[index + 1]?.kind === 'data')
    if (isData && last?.kind === 'data')
      kept[kept.length - 1] = { ...last, length: last.length + stretch.length }
    else kept.push(stretch)
  }
  return kept
}

/** Copies of `longBytes` and more stand by themselves. */
function stitch(
  stretches: readonly Stretch[],
  costs: StitchCosts,
  rules: StitchRules,
  longBytes: number,
): StitchedPart[] {
  const least = rules.leastPartBytes
  const parts: StitchedPart[] = []
  /** The last stretch, whose end may still be taken. */
  let pending: Stretch | undefined
  /** Those that follow, the next one last. */
  const rest = stretches.toReversed()

  const flush = (): void => {
    if (pending?.kind === 'copy')
      for (const { from, length } of splitRange(pending.from, pending.length, rules.copyPartBytes))
        parts.push({ kind: 'copy', at: pending.at + from - pending.from, from, length })
    // No sent part is smaller than it must be: the pieces are equal, and at least of half the wanted size.
    else if (pending)
      for (const { from, length } of splitRange(
        pending.at,
        pending.length,
        Math.max(rules.partBytes, 2 * least),
      ))
        parts.push({ kind: 'data', at: from, length })
    pending = undefined
  }
  /** How much must be taken off a copy to have `wanted` of it, when what stays must be legal. */
  const takeable = (length: number, wanted: number, isLast: boolean): number => {
    if (wanted <= 0) return 0
    const stays = length - wanted
    return stays === 0 || stays >= least || (isLast && stays > 0) ? wanted : length
  }
  const isLong = (stretch: Stretch): boolean =>
    stretch.length >= (stretch.kind === 'copy' ? longBytes : least)

  const trimLeft = (bytes: number): void => {
    if (pending && bytes === pending.length) pending = undefined
    else if (pending) pending = { ...pending, length: pending.length - bytes }
  }
  const trimRight = (bytes: number): void => {
    const right = rest.pop()
    if (right?.kind !== 'copy' || bytes === right.length) return
    rest.push({ ...right, at: right.at + bytes, from: right.from + bytes, length: right.length - bytes })
  }
  const send = (at: number, length: number): void => {
    const right = rest.at(-1)
    if (pending?.kind === 'data') pending = { ...pending, length: pending.length + length }
    else {
      flush()
      pending = { kind: 'data', at, length }
    }
    if (right?.kind === 'data') {
      rest.pop()
      pending = { ...pending, length: pending.length + right.length }
    }
  }

  function place(group: readonly Stretch[]): void {
    const at = group[0]?.at ?? 0
    const bytes = group.reduce((sum, { length }) => sum + length, 0)
    const dataBytes = group.reduce((sum, { kind, length }) => sum + (kind === 'data' ? length : 0), 0)
    const right = rest.at(-1)
    const left = pending
    const isRightLast = rest.length === 1
    // Sent, with what is missing to a legal part taken from a neighbour.
    const missing = right && left?.kind !== 'data' && right.kind !== 'data' ? Math.max(0, least - bytes) : 0
    const ofLeft = left?.kind === 'copy' ? takeable(left.length, missing, false) : Number.POSITIVE_INFINITY
    const ofRight =
      right?.kind === 'copy' ? takeable(right.length, missing, isRightLast) : Number.POSITIVE_INFINITY
    const padding = missing === 0 ? 0 : Math.min(ofLeft, ofRight)

    const lead = left?.kind === 'copy' ? takeable(left.length, least, false) : 0
    const skip = lead === 0 ? least : 0
    const short = skip > 0 && right ? Math.max(0, least - bytes) : 0
    const trail = short > 0 && right?.kind === 'copy' ? takeable(right.length, short, isRightLast) : 0
    const stages = group.length + (trail > 0 ? 1 : 0)
    const isPossible = trail >= short && stages <= maxStages
    const savedSeconds = (bytes + padding - dataBytes) / costs.uplinkBytesPerSecond
    if (!isPossible || savedSeconds <= secondsOf(stages, costs)) {
      const takesLeft = padding > 0 && ofLeft <= ofRight
      if (takesLeft) trimLeft(padding)
      else if (padding > 0) trimRight(padding)
      return send(takesLeft ? at - padding : at, bytes + padding)
    }
    const first: StagePiece =
      skip > 0
        ? { kind: 'copy', from: 0, length: skip }
        : {
            kind: 'copy',
            from: (left as Stretch & { kind: 'copy' }).from + (left as Stretch).length - lead,
            length: lead,
          }
    const trailing: StagePiece[] =
      trail > 0 && right?.kind === 'copy' ? [{ kind: 'copy', from: right.from, length: trail }] : []
    trimLeft(lead)
    flush()
    if (trail > 0) trimRight(trail)
    parts.push({
      kind: 'staged',
      at: at - lead,
      length: lead + bytes + trail,
      skip,
      stages: chain(first, [...group, ...trailing]),
    })
  }

  while (rest.length > 0) {
    const group: Stretch[] = []
    for (let next = rest.at(-1); next && !isLong(next); next = rest.at(-1)) group.push(rest.pop() as Stretch)
    // The very last part may have any size, if what is in front of it is legal without it.
    const isEnd = rest.length === 0 && (group.length === 1 || pending?.kind === 'copy')
    if (isEnd) rest.push(group.pop() as Stretch)
    if (group.length > 0) {
      // It may have taken what follows with it.
      place(group)
      continue
    }
    const next = rest.pop()
    if (!next) break
    if (next.kind === 'data' && pending?.kind === 'data') send(next.at, next.length)
    else {
      flush()
      pending = next
    }
  }
  flush()
  return parts
}

/** One stage for each piece, which is the last part of it. */
function chain(first: StagePiece, pieces: readonly (Stretch | StagePiece)[]): StagePiece[][] {
  let length = first.length
  return pieces.map((piece, index) => {
    const start: StagePiece = index === 0 ? first : { kind: 'previous', length }
    length += piece.length
    const end: StagePiece =
      piece.kind === 'copy'
        ? { kind: 'copy', from: piece.from, length: piece.length }
        : piece.kind === 'data'
          ? { kind: 'data', at: piece.at, length: piece.length }
          : piece
    return [start, end]
  })
}
