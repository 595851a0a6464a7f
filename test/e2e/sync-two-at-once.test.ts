/** Two syncs to one destination at the same time: what stands there in the end is whole and one of the two, and whoever lost says so. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import test from 'node:test'
import { setStage, type Stage } from '../support/journey.ts'
import { describeExit } from '../support/process.ts'
import { createRandomBytes, writeRandomFile } from '../support/random-files.ts'
import { testBucket } from '../support/s3/open-s3.ts'
import { startS3 } from '../support/s3/start-s3.ts'
import { sshdSkipReason, startSshd } from '../support/sshd.ts'
import { bucketPlace, localPlace, type Place, runSync, sync, sshPlace } from '../support/sync-places.ts'

const MiB = 1 << 20

/** `placeOf`: the destination as somebody with this home sees it. */
async function race(stage: Stage, placeOf: (stage: Stage) => Place, read: () => Buffer): Promise<void> {
  const others = { ...stage, senderHome: stage.receiverHome }
  const sides = [stage, others].map((side, index) => ({
    side,
    place: placeOf(side),
    source: `src-${index}/`,
  }))
  for (const [index, name] of ['src-0', 'src-1'].entries()) {
    mkdirSync(stage.at(name), { recursive: true })
    writeRandomFile(stage.at(name, 'large.bin'), 12 * MiB, `at once ${index}`)
  }
  // Once where nothing stands, and once over what the first left; as a delta against it, too.
  for (const round of [0, 1]) {
    const exits = await Promise.all(
      sides.map(({ side, place, source }) =>
        runSync(side, [place], '--delta-threshold', '1M', '--bwlimit', '16M', source, place.at('copy')),
      ),
    )
    for (const exit of exits) {
      assert.ok(exit.code === 0 || exit.code === 23, describeExit(exit))
      if (exit.code !== 0)
        assert.match(exit.stderr, /large\.bin.*(someone else|meanwhile|something is there|another)/)
    }
    assert.ok(exits.some(({ code }) => code === 0))
    const result = read()
    const sources = ['src-0', 'src-1'].map((name) => readFileSync(stage.at(name, 'large.bin')))
    assert.ok(
      sources.some((source) => source.equals(result)),
      `round ${round}: what stands there is neither`,
    )
    const edit = createRandomBytes(`edit ${round}`)(1000)
    for (const [index, source] of sources.entries())
      stage.write(`src-${index}/large.bin`, Buffer.concat([edit, source]))
  }
  // Whoever comes alone afterwards finds nothing in the way.
  const [first] = sides
  assert.ok(first)
  await sync(stage, [first.place], '--delta-threshold', '1M', first.source, first.place.at('copy'))
  assert.ok(read().equals(readFileSync(stage.at('src-0', 'large.bin'))))
}

const partsIn = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder).filter((name) => name.includes('ferry-part')) : []

test('two syncs to one folder at once', async () => {
  await using stage = setStage()
  await race(
    stage,
    () => localPlace,
    () => readFileSync(stage.at('copy', 'large.bin')),
  )
  assert.deepEqual(partsIn(stage.at('copy')), [])
})

test('two syncs to one bucket at once', async () => {
  await using stage = setStage()
  await using server = await startS3()
  server.bucket(testBucket)
  await race(
    stage,
    () => bucketPlace(server),
    () => server.content(testBucket, 'copy/large.bin'),
  )
})

test('two syncs to one SSH server at once', { skip: sshdSkipReason }, async () => {
  await using stage = setStage()
  await using server = await startSshd()
  await race(
    stage,
    (side) => sshPlace(side, server),
    () => readFileSync(stage.at('copy', 'large.bin')),
  )
})
