/**
 * The chunk list of a large file, in pieces: nodes that stand in a list already known come from there, the others are
 * fetched, some at a time, so that content can be asked for before the whole list is here.
 */
import type { ChunkRecords } from '../../blobs/chunk-records.ts'
import {
  checkNode,
  checkNodeList,
  diffNodeLists,
  nodeCount,
  nodeHashAt,
  type NodeList,
} from '../../blobs/manifest/nodes.ts'
import type { BlobReference } from '../../blobs/manifest/entry.ts'
import { concatBytes } from '../../shared/bytes.ts'
import type { ReceiveRun } from './run.ts'
import { withSession } from './fetch-manifest.ts'
import type { NumberedFile } from './judge-files.ts'

/** Nodes asked for at once: about 150 KB of records, 256 MiB of content with the smallest chunks. */
const nodesPerAsk = 64

type ListRun = Pick<ReceiveRun, 'fetcher' | 'numberOn' | 'signal' | 'store'>

/** @param known chunk lists of this computer in which parts of the wanted one may stand */
export async function* chunkListOf(
  run: ListRun,
  file: NumberedFile,
  known: readonly ChunkRecords[],
): AsyncGenerator<ChunkRecords> {
  const { content } = file.entry
  if (content instanceof Uint8Array) {
    yield content
    return
  }
  const stored = run.store.objects.get(content.blob)
  if (stored) {
    yield stored
    return
  }
  const nodes = await withSession(run, (session) =>
    session.nodeList(run.numberOn(session, file.number), content.blob, { signal: run.signal }),
  )
  checkNodeList(nodes, content)
  const all: ChunkRecords[] = []
  for await (const records of nodesOf(run, file, nodes, known)) {
    all.push(records)
    yield records
  }
  keepList(run, content, all)
}

function keepList(
  run: Pick<ReceiveRun, 'store'>,
  content: BlobReference,
  pieces: readonly ChunkRecords[],
): void {
  run.store.objects.putMany([{ hash: content.blob, kind: 'list', bytes: concatBytes(pieces) }])
}

async function* nodesOf(
  run: ListRun,
  file: NumberedFile,
  nodes: NodeList,
  known: readonly ChunkRecords[],
): AsyncGenerator<ChunkRecords> {
  const old = concatBytes(known)
  // Nodes end where the chunks say, so a list that was put behind another has the same nodes but one.
  const places = diffNodeLists(nodes, old)
  for (let first = 0; first < nodeCount(nodes); first += nodesPerAsk) {
    const last = Math.min(first + nodesPerAsk, nodeCount(nodes))
    const missing: { readonly index: number; readonly hash: Uint8Array }[] = []
    for (let index = first; index < last; index++)
      if (!places[index]) missing.push({ index, hash: nodeHashAt(nodes, index) })
    const fetched =
      missing.length === 0
        ? []
        : await withSession(run, (session) =>
            session.nodes(run.numberOn(session, file.number), missing, { signal: run.signal }),
          )
    missing.forEach(({ index }, order) => checkNode(nodes, index, fetched[order] ?? new Uint8Array(0)))
    let next = 0
    const pieces: ChunkRecords[] = []
    for (let index = first; index < last; index++) {
      const place = places[index]
      if (place) pieces.push(old.subarray(place.oldOffset, place.oldOffset + place.byteLength))
      else pieces.push(fetched[next++] as ChunkRecords)
    }
    yield concatBytes(pieces)
  }
}
