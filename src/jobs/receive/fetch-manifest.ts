/**
 * Brings a sealed manifest into the store and checks it as a whole, before anything is written anywhere else. Pages
 * that the store has already, from an earlier version of the same tree, are not fetched again.
 */
import { pipe } from 'it-pipe'
import { decodePage } from '../../blobs/manifest/page.ts'
import { openManifest, type ManifestReader } from '../../blobs/manifest/reader.ts'
import { decodeRoot, type ManifestRoot } from '../../blobs/manifest/root.ts'
import { createManifestValidator, type ValidatorOptions } from '../../blobs/manifest/validate.ts'
import { hash } from '../../blobs/hash.ts'
import type { ObjectTable, Store } from '../../blobs/store/store.ts'
import type { Fetcher } from '../../node/fetcher.ts'
import type { PeerSession } from '../../node/session.ts'
import { equalBytes } from '../../shared/bytes.ts'
import { retry, throwIfCancelled } from '../../shared/concurrency.ts'
import { FerryError } from '../../shared/errors.ts'
import type { Throttle } from '../../shared/throttle.ts'

/** Pages put into the store at once. */
const pagesPerTransaction = 64
/** Sessions that may break while a manifest is fetched before it is given up; each keeps what came before. */
const attempts = 8

export interface ManifestInput {
  readonly fetcher: Fetcher
  readonly store: Store
  readonly signal: AbortSignal
  readonly rules: ValidatorOptions
  /** While it is paused no further page is asked for. Its rate is for content. */
  readonly throttle?: Pick<Throttle, 'take'>
}

/**
 * Asks again over another session while links break.
 * @throws E_UNREACHABLE, E_REFUSED when nobody is left; whatever `ask` throws that is not a lost link; E_CANCELLED
 */
export async function withSession<Result>(
  input: Pick<ManifestInput, 'fetcher' | 'signal'>,
  ask: (session: PeerSession) => Promise<Result>,
): Promise<Result> {
  return retry(async () => ask(await input.fetcher.session({ signal: input.signal })), {
    attempts,
    signal: input.signal,
    baseMs: 100,
    retryable: (error) =>
      error instanceof FerryError && ['E_UNREACHABLE', 'E_PROTOCOL', 'E_TIMEOUT'].includes(error.code),
  })
}

/** @throws E_MANIFEST when it breaks a rule; E_VERIFY when it is not what the root names; E_UNREACHABLE, E_CANCELLED */
export async function fetchManifest(input: ManifestInput, root: Uint8Array): Promise<ManifestReader> {
  const { objects } = input.store
  if (!objects.has(root)) {
    const bytes = await withSession(input, (session) => session.root({ signal: input.signal }))
    checkHash(bytes, root)
    decodeRoot(bytes)
    objects.putMany([{ hash: root, kind: 'root', bytes }])
  }
  const manifest = openManifest(objects, root)
  await withSession(input, (session) => fetchPages(input, session, manifest))
  await validate(input, manifest)
  return manifest
}

function checkHash(bytes: Uint8Array, wanted: Uint8Array): void {
  if (!equalBytes(hash(bytes), wanted))
    throw new FerryError(
      'E_VERIFY',
      'Cannot accept the manifest: it does not have the hash that was promised',
    )
}

async function fetchPages(input: ManifestInput, session: PeerSession, manifest: ManifestRoot): Promise<void> {
  const { objects } = input.store
  const missing: { readonly number: number; readonly hash: Uint8Array }[] = []
  for (let number = 0; number < manifest.pageCount; number++) {
    const page = manifest.page(number)
    if (!objects.has(page.hash)) missing.push({ number, hash: page.hash })
  }
  if (missing.length === 0) return
  await pipe(
    session.pages(missing, { signal: input.signal }),
    (pages) => verified(input, pages, manifest),
    (pages) => inBatches(pages, pagesPerTransaction),
    async (batches) => {
      for await (const batch of batches) objects.putMany(batch)
    },
  )
}

type PageObject = Parameters<ObjectTable['putMany']>[0][number]

async function* verified(
  { throttle, signal }: ManifestInput,
  pages: AsyncIterable<{ readonly number: number; readonly bytes: Uint8Array }>,
  manifest: ManifestRoot,
): AsyncGenerator<PageObject> {
  for await (const { number, bytes } of pages) {
    const { hash: wanted } = manifest.page(number)
    checkHash(bytes, wanted)
    yield { hash: wanted, kind: 'page', bytes }
    await throttle?.take(0, signal)
  }
}

/** Groups of `size`; when the source breaks, what came before is passed on first, since it need not come again. */
async function* inBatches<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[]> {
  let batch: Item[] = []
  let broken: { readonly error: unknown } | undefined
  try {
    for await (const item of items) {
      batch.push(item)
      if (batch.length < size) continue
      yield batch
      batch = []
    }
  } catch (error) {
    broken = { error }
  }
  if (batch.length > 0) yield batch
  if (broken) throw broken.error
}

async function validate(input: ManifestInput, manifest: ManifestReader): Promise<void> {
  const validator = createManifestValidator(input.rules)
  for (let number = 0; number < manifest.pageCount; number++) {
    const bytes = input.store.objects.get(manifest.page(number).hash)
    if (!bytes) throw new FerryError('E_UNREACHABLE', 'Cannot read the manifest: a page of it is missing')
    const entries = decodePage(bytes)
    if (entries.length !== manifest.page(number).entries)
      throw new FerryError('E_MANIFEST', `Cannot read page ${number} of the manifest: its length is wrong`)
    for (const entry of entries) validator.add(entry)
    // A million entries take a second: the sockets and the signal get their turn in between.
    await new Promise((resolve) => setImmediate(resolve))
    throwIfCancelled(input.signal)
  }
  validator.end(manifest.totals)
}
