// Makes the pictures of docs/tour.md from real runs: real shares, a real daemon, a real browser and terminal.
//   node scripts/make-tour.mjs [part…]     part: a file of scripts/tour, such as page; default: all. Needs a build.
import { mkdirSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = join(root, 'scripts', 'tour')
const pictures = join(root, 'docs', 'tour')
const known = readdirSync(folder)
  .filter((name) => name.endsWith('.mjs'))
  .map((name) => basename(name, '.mjs'))
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  console.error(`Unknown part "${unknown[0]}"\n  hint: one of ${known.join(', ')}`)
  process.exit(2)
}
mkdirSync(pictures, { recursive: true })
for (const name of wanted.length > 0 ? wanted : known) {
  const { makePictures } = await import(pathToFileURL(join(folder, `${name}.mjs`)).href)
  for await (const picture of makePictures({ root, pictures })) console.log(picture)
}
