/** A ticket to give away, and the command that uses it. */
import { CopyButton } from './text.tsx'

export function TicketBox({ ticket }: { readonly ticket: string }): React.ReactElement {
  const command = `ferry receive ${ticket}`
  return (
    <div className="ticket-box">
      <p>On the other computer run:</p>
      <code className="ticket">{command}</code>
      <div className="buttons">
        <CopyButton text={ticket} label="Copy ticket" copyKey />
        <CopyButton text={command} label="Copy command" />
      </div>
    </div>
  )
}
