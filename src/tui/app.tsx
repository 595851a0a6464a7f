/** The one component: shows the controller's frame line by line and hands it keys and pastes. */
import { Box, Transform, useApp, useInput, usePaste } from 'ink'
import type { ReactNode } from 'react'
import { memo, useEffect, useSyncExternalStore } from 'react'
import type { Controller } from './controller.ts'

/** What only Ink can do. */
export interface TerminalControl {
  readonly exit: () => void
  /** Gives the terminal back while `action` runs, then draws everything anew. */
  readonly suspend: (action: () => void | Promise<void>) => Promise<void>
}

export interface AppProps {
  readonly controller: Controller
  readonly onControl: (control: TerminalControl) => void
}

export function App({ controller, onControl }: AppProps): ReactNode {
  const lines = useSyncExternalStore(controller.subscribe, () => controller.lines)
  const { exit, suspendTerminal } = useApp()
  useInput((input, key) => controller.press(input, key))
  usePaste((text) => controller.paste(text))
  useEffect(() => {
    onControl({ exit: () => exit(), suspend: (action) => suspendTerminal(action) })
  }, [exit, suspendTerminal, onControl])
  return (
    <Box flexDirection="column">
      {lines.map((text, row) => (
        <Row key={row} text={text} />
      ))}
    </Box>
  )
}

/**
 * Only lines that changed are looked at again. The text goes in as a transformation of a blank: it fits its row already, and
 * Ink would measure it three times over, which is most of what a frame costs.
 */
const Row = memo(function Row({ text }: { readonly text: string }): ReactNode {
  return (
    <Box height={1} flexShrink={0}>
      <Transform transform={() => text}> </Transform>
    </Box>
  )
})
