// Compiles src/blobs/chunker/assembly/cut.ts and returns the WebAssembly binary.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { main } from 'assemblyscript/asc'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

export async function compileCut() {
  let binary
  let messages = ''
  const { error } = await main(
    [
      join('src', 'blobs', 'chunker', 'assembly', 'cut.ts'),
      ...['--outFile', 'cut.wasm', '--optimizeLevel', '3', '--shrinkLevel', '0', '--noAssert'],
      ...['--runtime', 'stub', '--importMemory', '--enable', 'simd', '--baseDir', root],
    ],
    {
      writeFile(name, contents) {
        if (name === 'cut.wasm') binary = contents
      },
      stderr: { write: (text) => (messages += text) },
    },
  )
  if (error) throw new Error(`${error.message}\n${messages}`)
  return binary
}
