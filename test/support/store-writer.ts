/** A process that writes to a store until it is killed: `node store-writer.js DIRECTORY`. Prints a line a batch. */
import { openStore } from '../../src/blobs/store/open-store.ts'
import { indexedFile, shareRecord } from './store-records.ts'

const store = openStore(process.argv[2] as string)
for (let batch = 0; ; batch++) {
  store.files.putMany(Array.from({ length: 50 }, (_, index) => indexedFile(`/batch ${batch}/${index}`)))
  store.shares.put(shareRecord(`share ${batch}`))
  process.stdout.write(`${batch}\n`)
}
