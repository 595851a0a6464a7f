/** From every kind of place to every other: equal trees, and a second run that sends nothing. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync } from 'node:fs'
import test, { after, before } from 'node:test'
import type { RunningShare } from '../support/ferry.ts'
import { setStage, type Stage } from '../support/journey.ts'
import { differences, listTree, type Listing } from '../support/listing.ts'
import { createRandomBytes, writeRandomTree } from '../support/random-files.ts'
import { testBucket } from '../support/s3/open-s3.ts'
import { type S3Server, startS3 } from '../support/s3/start-s3.ts'
import { type Sshd, sshdSkipReason, startSshd } from '../support/sshd.ts'
import { bucketPlace, changed, localPlace, type Place, sshPlace, sync } from '../support/sync-places.ts'

const secondNs = 1_000_000_000n

interface Lab extends AsyncDisposable {
  readonly stage: Stage
  readonly places: Readonly<Record<'local' | 'S3' | 'SFTP', Place>>
  readonly share: RunningShare
}

let lab: Lab | undefined

before(async () => {
  if (sshdSkipReason !== false) return
  const stack = new AsyncDisposableStack()
  const stage = stack.use(setStage())
  const bucket: S3Server = stack.use(await startS3())
  bucket.bucket(testBucket)
  const sshd: Sshd = stack.use(await startSshd())
  writeRandomTree(stage.at('src', 'many'), { files: 30, bytesEach: 2000, seed: 'pairs' })
  stage.write('src/large.bin', createRandomBytes('pairs')(9 << 20))
  stage.write('src/empty', '')
  stage.write('src/odd ü 🚢 %+&/a#b?c', 'odd')
  stage.write('src/program', '#!/bin/sh\n')
  chmodSync(stage.at('src', 'program'), 0o755)
  const places = { local: localPlace, S3: bucketPlace(bucket), SFTP: sshPlace(stage, sshd) }
  const share = stack.use(await stage.share(['src']))
  // The same tree in each place, from which others read.
  await sync(stage, [places.S3], 'src/', places.S3.at('origin'))
  lab = { stage, places, share, [Symbol.asyncDispose]: () => stack.disposeAsync() }
})
after(() => lab?.[Symbol.asyncDispose]())

/** What every place can hold: no more than seconds, and of folders only the names; without what ferry keeps there. */
function held(listing: Listing): Listing {
  const data = [...listing].filter(([name]) => name !== '.ferry' && !name.startsWith('.ferry/'))
  return new Map(
    data.map(([name, listed]) => [
      name,
      listed.kind === 'directory'
        ? { ...listed, mode: 0, mtimeNs: 0n }
        : { ...listed, mtimeNs: listed.mtimeNs / secondNs },
    ]),
  )
}

const destinations = ['local', 'S3', 'SFTP'] as const

for (const from of ['local', 'S3', 'SFTP', 'ticket'] as const)
  for (const to of destinations)
    test(`from ${from} to ${to}: the trees are equal, and the second run sends nothing`, {
      skip: sshdSkipReason,
    }, async () => {
      assert.ok(lab)
      const { stage, places, share } = lab
      const used = from === 'ticket' ? [places[to]] : [places[from], places[to]]
      const origin = { local: 'src/', SFTP: `${places.SFTP.at('src')}/`, S3: `${places.S3.at('origin')}/` }
      const source = from === 'ticket' ? share.ticket : origin[from]
      const name = `from-${from}-to-${to}`
      const target = places[to].at(name)
      const first = await sync(stage, used, source, target)
      assert.equal(first.bytes.sent, first.bytes.written)
      const again = await sync(stage, used, source, target)
      assert.deepEqual([again.bytes.sent, again.bytes.written, changed(again)], [0, 0, []])
      if (to === 'S3') {
        // By what the bucket itself says: nothing that was remembered here helps.
        mkdirSync(stage.at('elsewhere'), { recursive: true })
        await sync({ ...stage, senderHome: stage.at('elsewhere') }, used, '--no-sidecar', `${target}/`, name)
      }
      const arrived = listTree(stage.at(...(from === 'ticket' ? [name, 'src'] : [name])))
      assert.deepEqual(differences(held(listTree(stage.at('src'))), held(arrived)), [])
    })
