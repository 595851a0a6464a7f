/** How links are encrypted: the one place that chooses. The first that both ends speak is used. */
import type { NoiseComponents } from '@chainsafe/libp2p-noise'
import { serviceCapabilities } from '@libp2p/interface'
import type { ConnectionEncrypter } from '@libp2p/interface'
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
  if (choice === 'noise-only') return [lazyNoise]
  const { socketTls } = await import('./tls/encrypter.ts')
  return [socketTls(), lazyNoise]
}

/** Noise is offered on every link and used on few, so it is loaded when the first peer has chosen it. */
function lazyNoise(components: NoiseComponents): ConnectionEncrypter {
  let loaded: Promise<ConnectionEncrypter> | undefined
  const load = (): Promise<ConnectionEncrypter> =>
    (loaded ??= import('@chainsafe/libp2p-noise').then(({ noise }) => noise()(components)))
  return {
    protocol: '/noise',
    [Symbol.toStringTag]: 'ferry-noise',
    [serviceCapabilities]: ['@libp2p/connection-encryption'],
    secureInbound: async (connection, options) => (await load()).secureInbound(connection, options),
    secureOutbound: async (connection, options) => (await load()).secureOutbound(connection, options),
  } as ConnectionEncrypter
}
