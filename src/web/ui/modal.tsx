/** A dialog over the page: what is behind it waits, Esc closes it, and the focus goes back to where it was. */
import { useEffect, useRef } from 'react'

export interface ModalProps {
  readonly title: string
  readonly className?: string
  readonly onClose: () => void
  readonly children: React.ReactNode
}

export function Modal({ title, className = '', onClose, children }: ModalProps): React.ReactElement {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const element = dialog.current
    const before = document.activeElement
    element?.showModal()
    return () => {
      element?.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      className={className}
      aria-labelledby="modal-title"
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
    >
      <header className="modal-head">
        <h2 id="modal-title">{title}</h2>
        <button type="button" className="icon-button" aria-label="Close" onClick={onClose}>
          ✕
        </button>
      </header>
      {children}
    </dialog>
  )
}
