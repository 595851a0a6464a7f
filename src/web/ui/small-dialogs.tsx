/** A question before what cannot be taken back, and the list of keys. */
import { shortcutHelp } from '../model/shortcuts.ts'
import { Modal } from './modal.tsx'
import type { Question } from './page-context.ts'

export function ConfirmDialog({
  question,
  onClose,
}: {
  readonly question: Question
  readonly onClose: () => void
}): React.ReactElement {
  return (
    <Modal title={question.title} onClose={onClose}>
      <p>{question.text}</p>
      <footer className="buttons end">
        {/* The harmless answer has the focus. */}
        <button type="button" autoFocus onClick={onClose}>
          No, go back
        </button>
        <button
          type="button"
          className="bad-button"
          onClick={() => {
            onClose()
            question.onYes()
          }}
        >
          {question.verb}
        </button>
      </footer>
    </Modal>
  )
}

export interface HelpDialogProps {
  readonly hasShortcuts: boolean
  readonly onShortcuts: (on: boolean) => void
  readonly onClose: () => void
}

export function HelpDialog({ hasShortcuts, onShortcuts, onClose }: HelpDialogProps): React.ReactElement {
  return (
    <Modal title="Keys and words" onClose={onClose}>
      <dl className="keys">
        {shortcutHelp.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <label className="check">
        <input
          type="checkbox"
          checked={hasShortcuts}
          onChange={(event) => onShortcuts(event.target.checked)}
        />
        Single keys do something
      </label>
      <p className="muted">
        A <b>ticket</b> is a text that names a share and proves that its owner gave it to you.{' '}
        <b>Already here</b> is content that was found on this computer and did not have to travel.
      </p>
    </Modal>
  )
}
