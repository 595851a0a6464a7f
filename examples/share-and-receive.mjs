// Shares a folder and receives it again, both in this process, as two computers with a data directory each:
//   npm run build && node examples/share-and-receive.mjs FOLDER INTO
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFerry, FerryError } from 'ferry'

const [source, into] = process.argv.slice(2)
if (!source || !into) {
  console.error('usage: node examples/share-and-receive.mjs FOLDER INTO')
  process.exit(2)
}

const home = await mkdtemp(join(tmpdir(), 'ferry-example-'))
try {
  // Only this computer is to see it: one address, no DHT.
  const network = { listen: ['127.0.0.1:0'], dht: false, local: true }
  await using sender = createFerry({ ...network, directory: join(home, 'sender') })
  await using receiver = createFerry({ ...network, directory: join(home, 'receiver') })

  const share = sender.share(source, { once: true })
  const { ticket } = await share.ticket
  console.log(`ticket of ${ticket.length} characters`)

  // A job is stopped by its signal, by job.cancel(), or by closing its ferry.
  const receive = receiver.receive(ticket, into, { signal: AbortSignal.timeout(60_000) })
  for await (const { percent, message } of receive.progress) console.log(`${percent}% ${message}`)

  const { files, bytes } = await receive.result
  console.log(`received ${files.total} files, ${bytes.fetched} bytes fetched, ${bytes.reused} already here`)
  console.log(`the share ended: ${(await share.result).ended}`)
} catch (error) {
  if (!(error instanceof FerryError)) throw error
  console.error(`${error.code}: ${error.message}`, error.hint ? `(${error.hint})` : '')
  process.exitCode = 1
} finally {
  await rm(home, { recursive: true })
}
