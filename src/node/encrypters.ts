/** How links are encrypted: the one place that chooses. The first that both ends speak is used. */
import type { ConnectionEncrypter } from '@libp2p/interface'
import type { NoiseComponents } from '@chainsafe/libp2p-noise'
import type { TlsComponents } from './tls/encrypter.ts'

export type EncrypterChoice = 'tls-first' | 'noise-only'

/** `FERRY_ENCRYPTER=noise` shows the slower path, which is otherwise only taken with peers that speak nothing else. */
export function choiceOfUser(): EncrypterChoice {
  return process.env['FERRY_ENCRYPTER'] === 'noise' ? 'noise-only' : 'tls-first'
}

/** TLS on the socket itself moves two and a half times what Noise does; Noise serves every kind of link. */
export async function loadEncrypters(
  choice: EncrypterChoice = choiceOfUser(),
): Promise<((components: NoiseComponents & TlsComponents) => ConnectionEncrypter)[]> {
  const { noise } = await import('@chainsafe/libp2p-noise')
  if (choice === 'noise-only') return [noise()]
  const { socketTls } = await import('./tls/encrypter.ts')
  return [socketTls(), noise()]
}
