/** Carries out what a key has asked for. What cannot be done is told in a line, and never ends the program. */
import type { Engine } from '../jobs/engine-types.ts'
import { formatRate } from '../shared/units.ts'
import type { Tone } from './model/line.ts'
import type { Effect } from './model/ui-state.ts'

export interface EffectHost {
  readonly engine: Engine
  /** Which program took it; undefined when there is no clipboard. */
  readonly copy: (text: string) => Promise<string | undefined>
  readonly open: (path: string) => Promise<void>
  /** Paths that begin so. */
  readonly complete: (text: string) => Promise<readonly string[]>
  readonly say: (text: string, tone: Tone) => void
  readonly completed: (text: string, choices: readonly string[]) => void
  readonly quit: (now: boolean) => void
  readonly suspend: () => void
  readonly redraw: () => void
}

export async function runEffect(effect: Effect, host: EffectHost): Promise<void> {
  try {
    await run(effect, host)
  } catch (error) {
    const { message, hint } = error as { message?: string; hint?: string }
    host.say(`${message ?? String(error)}${hint === undefined ? '' : ` (${hint})`}`, 'bad')
  }
}

async function run(effect: Effect, host: EffectHost): Promise<void> {
  const { engine, say } = host
  switch (effect.do) {
    case 'pause':
    case 'resume':
    case 'retry':
      for (const id of effect.ids) await engine[effect.do](id)
      return
    case 'cancel':
      for (const id of effect.ids) await engine.cancel(id)
      return
    case 'remove-share':
      for (const id of effect.ids) await engine.removeShare(id)
      return
    case 'start': {
      const { kind, title } = await engine.start(effect.spec)
      return say(`Started: ${kind} ${title}`, 'good')
    }
    case 'limit': {
      const { limits, title } = await engine.setLimits(effect.id, { bytesPerSecond: effect.bytesPerSecond })
      const { bytesPerSecond } = limits
      return say(
        `${title}: ${bytesPerSecond === null ? 'no limit' : `at most ${formatRate(bytesPerSecond)}`}`,
        'plain',
      )
    }
    case 'copy': {
      const taker = await host.copy(effect.text)
      return taker === undefined
        ? say('There is no clipboard here', 'waiting')
        : say(`${effect.what} is on the clipboard`, 'good')
    }
    case 'open':
      return await host.open(effect.path)
    case 'complete':
      return host.completed(effect.text, await host.complete(effect.text))
    case 'quit':
      return host.quit(false)
    case 'quit-now':
      return host.quit(true)
    case 'suspend':
      return host.suspend()
    case 'redraw':
      return host.redraw()
  }
}
