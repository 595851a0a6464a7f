/** `ferry sync` from folder to folder with real processes: what arrives, what is said, what is never done. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import test from 'node:test'
import { parseJsonLines, runFerry } from '../support/ferry.ts'
import { setStage, type Stage } from '../support/journey.ts'
import { differences, listTree } from '../support/listing.ts'
import { describeExit, type Exit } from '../support/process.ts'
import { makeZoo } from '../support/zoo.ts'

async function sync(stage: Stage, ...args: readonly string[]): Promise<Exit> {
  return await runFerry(['sync', ...args], { home: stage.senderHome, cwd: stage.path })
}

async function mustSync(stage: Stage, ...args: readonly string[]): Promise<Exit> {
  const exit = await sync(stage, ...args)
  assert.equal(exit.code, 0, describeExit(exit))
  return exit
}

interface SyncSummary {
  readonly exitCode: number
  readonly bytes: { readonly sent: number; readonly saved: number }
  readonly done: Readonly<Record<string, number>>
}

function summaryOf(exit: Exit): SyncSummary {
  const last = parseJsonLines(exit.stdout).at(-1)
  assert.equal(last?.type, 'summary', describeExit(exit))
  return last as unknown as SyncSummary
}

test('the zoo arrives equal, and a second run sends nothing and changes nothing', async () => {
  await using stage = setStage()
  makeZoo(stage.at('zoo'))
  await mustSync(stage, '-a', 'zoo/', 'copy')
  assert.deepEqual(differences(listTree(stage.at('zoo')), listTree(stage.at('copy'))), [])
  const again = summaryOf(await mustSync(stage, '-a', '--json', 'zoo/', 'copy'))
  assert.equal(again.bytes.sent, 0)
  assert.deepEqual(
    Object.entries(again.done).filter(([key, count]) => key !== 'same' && count > 0),
    [],
  )
})

test('a dry run writes nothing, says what the slash means, and tells the bytes to the byte', async () => {
  await using stage = setStage()
  stage.write('src/a', 'a'.repeat(1000))
  stage.write('src/sub/b', 'b'.repeat(234))
  const dry = await mustSync(stage, '-ain', 'src', 'dst')
  assert.ok(!readdirSync(stage.path).includes('dst'))
  assert.match(dry.stderr, /^ {2}Dry run: the folder .* becomes .*dst\/src \(no trailing slash\)$/m)
  const json = summaryOf(await mustSync(stage, '-an', '--json', 'src', 'dst'))
  assert.equal(json.bytes.sent, 1234)
  await mustSync(stage, 'src', 'dst')
  assert.deepEqual(differences(listTree(stage.at('src')), listTree(stage.at('dst', 'src'))), [])
})
