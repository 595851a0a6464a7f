// Syncs a folder into another place, and once more after one file has changed:
//   npm run build && node examples/sync-folder.mjs FOLDER DESTINATION
// DESTINATION may be a folder, s3://bucket/prefix, sftp://host/path or host:path.
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFerry, FerryError } from 'ferry'

const [folder, destination] = process.argv.slice(2)
if (!folder || !destination) {
  console.error('usage: node examples/sync-folder.mjs FOLDER DESTINATION')
  process.exit(2)
}

const home = await mkdtemp(join(tmpdir(), 'ferry-example-'))
const note = join(folder, 'ferry-example.txt')
try {
  await using ferry = createFerry({ directory: home })
  await writeFile(note, 'first\n')

  // The slash says: what is in the folder, and not the folder itself.
  const from = `${folder.replace(/\/+$/, '')}/`
  const plan = await ferry.sync(from, destination, { dryRun: true }).result
  console.log(`${plan.done.new} new names, ${plan.bytes.sent} bytes to send`)

  const first = ferry.sync(from, destination)
  for await (const { percent, message } of first.progress) console.log(`${percent}% ${message}`)
  console.log(`first run: ${(await first.result).bytes.sent} bytes sent`)

  await appendFile(note, 'second\n')
  const onChange = ({ line }) => line && console.log(line)
  const second = await ferry.sync(from, destination, { onChange, signal: AbortSignal.timeout(60_000) }).result
  console.log(`second run: ${second.bytes.sent} bytes sent, ${second.done.same} files unchanged`)
} catch (error) {
  if (!(error instanceof FerryError)) throw error
  console.error(`${error.code}: ${error.message}`, error.hint ? `(${error.hint})` : '')
  process.exitCode = 1
} finally {
  await rm(note, { force: true })
  await rm(home, { recursive: true })
}
