/**
 * The chunk list of a large file, as a list of nodes. Records are grouped into nodes at places that depend on the chunks
 * themselves, so that an edit changes a node or two and all others keep their hash: who has an older list asks for the
 * changed nodes only.
 *
 * Node list: one item a node, u32 count of records and the BLAKE3 of the node's packed records, 36 bytes. The blob hash,
 * which names the file's content, is the BLAKE3 of the node list.
 */
import { FerryError } from '../../shared/errors.ts'
import { createByteColumn } from '../byte-column.ts'
import { chunkCount, chunkRecordBytes, hashBytes } from '../chunk-records.ts'
import type { ChunkRecords } from '../chunk-records.ts'
import { hash } from '../hash.ts'
import type { BlobReference } from './entry.ts'
import { maxBlobChunks } from './limits.ts'

/** Bytes of one item of a node list. */
export const nodeItemBytes: number = 4 + hashBytes
/** A node ends behind a record whose hash ends in six zero bits, so it has about 64 + `minNodeRecords` records … */
const boundaryMask = 0x3f
/** … but not before it has this many, so that a node list is far smaller than the list, */
export const minNodeRecords = 16
/** and at the latest with this many, so that repeated chunks cannot make a node as large as the file. */
export const maxNodeRecords = 256

/** Packed items; a multiple of `nodeItemBytes` long. */
export type NodeList = Uint8Array

export interface NodeListBuilder {
  /** Takes the next records of the file; any number of them, whole ones. They are copied. */
  push(records: ChunkRecords): void
  /** The node list and its name. */
  finish(): { readonly nodes: NodeList; readonly reference: BlobReference }
}

/** Builds a node list from records as they come; holds one node and the list itself. */
export function createNodeListBuilder(): NodeListBuilder {
  const items = createByteColumn()
  const node = new Uint8Array(maxNodeRecords * chunkRecordBytes)
  let filled = 0
  let chunks = 0

  function endNode(): void {
    items.u32(filled / chunkRecordBytes)
    items.bytes(hash(node.subarray(0, filled)))
    filled = 0
  }

  return {
    push(records) {
      for (let at = 0; at < records.byteLength; at += chunkRecordBytes) {
        for (let index = 0; index < chunkRecordBytes; index++)
          node[filled + index] = records[at + index] as number
        filled += chunkRecordBytes
        const length = filled / chunkRecordBytes
        const boundary = ((records[at + chunkRecordBytes - 1] as number) & boundaryMask) === 0
        if (length === maxNodeRecords || (boundary && length >= minNodeRecords)) endNode()
      }
      chunks += chunkCount(records)
    },
    finish() {
      if (filled > 0) endNode()
      const nodes = items.take()
      return { nodes, reference: { blob: hash(nodes), chunks } }
    },
  }
}

/** The node list of a whole chunk list, and its name. */
export function nameChunkList(records: ChunkRecords): {
  readonly nodes: NodeList
  readonly reference: BlobReference
} {
  const builder = createNodeListBuilder()
  builder.push(records)
  return builder.finish()
}

export function nodeCount(nodes: NodeList): number {
  return nodes.byteLength / nodeItemBytes
}

/** Records in node `index`. */
export function nodeRecordCount(nodes: NodeList, index: number): number {
  return new DataView(nodes.buffer, nodes.byteOffset + index * nodeItemBytes, 4).getUint32(0, true)
}

/** A view (not a copy) of the hash of node `index`. */
export function nodeHashAt(nodes: NodeList, index: number): Uint8Array {
  const at = index * nodeItemBytes + 4
  return nodes.subarray(at, at + hashBytes)
}

/**
 * Checks a node list from outside against the manifest's reference to it.
 * @throws E_MANIFEST when it is not the named list, or not one that ferry makes.
 */
export function checkNodeList(nodes: NodeList, reference: BlobReference): void {
  const fail = (reason: string): never => {
    throw new FerryError('E_MANIFEST', `Cannot accept the chunk list of a file: ${reason}`)
  }
  if (reference.chunks > maxBlobChunks) fail(`it has more than ${maxBlobChunks} chunks`)
  if (nodes.byteLength % nodeItemBytes !== 0) fail('it is cut short')
  if (!equalBytes(hash(nodes), reference.blob)) fail('it does not have the hash that the manifest names')
  const count = nodeCount(nodes)
  let chunks = 0
  for (let index = 0; index < count; index++) {
    const records = nodeRecordCount(nodes, index)
    if (records > maxNodeRecords || records < (index === count - 1 ? 1 : minNodeRecords))
      fail('one of its nodes has an impossible length')
    chunks += records
  }
  if (chunks !== reference.chunks) fail('it does not have as many chunks as the manifest says')
}

/**
 * Checks the records of one node from outside.
 * @throws E_MANIFEST when they are not the ones that the list names.
 */
export function checkNode(nodes: NodeList, index: number, records: ChunkRecords): void {
  if (
    records.byteLength !== nodeRecordCount(nodes, index) * chunkRecordBytes ||
    !equalBytes(hash(records), nodeHashAt(nodes, index))
  )
    throw new FerryError(
      'E_MANIFEST',
      'Cannot accept a part of a chunk list: it does not have the hash named',
    )
}

/** Where one node's records come from: the old chunk list (byte range of its packed records), or from outside. */
export type NodeSource = { readonly oldOffset: number; readonly byteLength: number } | undefined

/**
 * For each node of `wanted`, where in `old` (a whole chunk list) its records stand already. What is undefined must be
 * fetched.
 */
export function diffNodeLists(wanted: NodeList, old: ChunkRecords): NodeSource[] {
  const { nodes } = nameChunkList(old)
  const offsets = new Map<string, number>()
  let offset = 0
  for (let index = 0; index < nodeCount(nodes); index++) {
    offsets.set(hashKey(nodeHashAt(nodes, index)), offset)
    offset += nodeRecordCount(nodes, index) * chunkRecordBytes
  }
  return Array.from({ length: nodeCount(wanted) }, (_, index) => {
    const oldOffset = offsets.get(hashKey(nodeHashAt(wanted, index)))
    return oldOffset === undefined
      ? undefined
      : { oldOffset, byteLength: nodeRecordCount(wanted, index) * chunkRecordBytes }
  })
}

const hashKey = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

/** True when both hold the same bytes. Not in constant time: for hashes, not secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
