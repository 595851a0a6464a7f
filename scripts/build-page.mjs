// Builds the web page of src/web into dist/web: files that the daemon serves as they are, under a policy that allows no
// script and no style in the page itself, and nothing from elsewhere.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { build } from 'vite'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

await build({
  root: join(root, 'src', 'web'),
  configFile: false,
  logLevel: 'warn',
  plugins: [react()],
  build: {
    outDir: join(root, 'dist', 'web'),
    emptyOutDir: true,
    target: 'es2024',
    // A data: URL in place of a file would need an exception in the policy, and the preload helper is inline.
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
  },
})
