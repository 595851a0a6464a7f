import assert from 'node:assert/strict'
import test from 'node:test'
import type { ShareRecord, ShareTable } from '../../../src/blobs/store/store.ts'
import { recallShare } from '../../../src/jobs/share/remember.ts'
import type { ShareSources } from '../../../src/jobs/share/sources.ts'

const sources = { key: 'paths', name: 'a', paths: ['/a'] } as unknown as ShareSources

function tableOf(): ShareTable & { readonly records: Map<string, ShareRecord> } {
  const records = new Map<string, ShareRecord>()
  return {
    records,
    byKey: (key) => records.get(key),
    put: (record) => void records.set(record.key, record),
    remove: () => records.clear(),
  } as Partial<ShareTable> as ShareTable & { readonly records: Map<string, ShareRecord> }
}

test('recallShare: what was downloaded already is never the share of a single download', () => {
  for (const before of [{ once: true }, {}])
    for (const after of [{ once: true }, {}]) {
      const shares = tableOf()
      const first = recallShare(shares, sources, before, 1)
      assert.deepEqual(recallShare(shares, sources, after, 2).secret, first.secret, 'nothing came of it yet')
      shares.put({ ...first, downloads: 1 })
      const second = recallShare(shares, sources, after, 3)
      const isNew = before.once === true || after.once === true
      assert.equal(second.downloads, isNew ? 0 : 1)
      assert.equal(Buffer.from(second.secret).equals(first.secret), !isNew)
      assert.equal(shares.records.size, 1)
    }
})
