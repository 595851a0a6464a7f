/** The forms that start something. What is wrong is said beside the field; what the daemon refuses, in its own words. */
import { useEffect, useId, useState } from 'react'
import type { JobSpec } from '../../jobs/engine-types.ts'
import type { FieldError, Filled, StartKind } from '../model/forms.ts'
import { fillReceive, fillShare, fillSync, guessDownloads } from '../model/forms.ts'
import { limitChoices } from '../model/limit-choices.ts'
import { keepSetting, readSetting } from '../server/settings.ts'
import { Modal } from './modal.tsx'
import { failureWords, usePage } from './page-context.ts'

const titles: Readonly<Record<StartKind, string>> = {
  receive: 'Receive',
  share: 'Share',
  sync: 'Sync two places',
}

export interface StartDialogProps {
  readonly kind: StartKind
  readonly onClose: () => void
}

export function StartDialog({ kind, onClose }: StartDialogProps): React.ReactElement {
  const { api, watch } = usePage()
  const [wrong, setWrong] = useState<FieldError>()
  const [failure, setFailure] = useState<ReturnType<typeof failureWords>>()
  const [isBusy, setIsBusy] = useState(false)

  async function start(filled: Filled<JobSpec>): Promise<void> {
    setFailure(undefined)
    setWrong('error' in filled ? filled.error : undefined)
    if ('error' in filled) return
    setIsBusy(true)
    try {
      const { id } = await api.start(filled.spec)
      onClose()
      watch(id)
    } catch (error) {
      setFailure(failureWords(error))
      setIsBusy(false)
    }
  }

  const form = { wrong, isBusy, onStart: (filled: Filled<JobSpec>) => void start(filled) }
  return (
    <Modal title={titles[kind]} className="start-dialog" onClose={onClose}>
      {kind === 'receive' && <ReceiveForm {...form} />}
      {kind === 'share' && <ShareForm {...form} />}
      {kind === 'sync' && <SyncForm {...form} />}
      {failure && (
        <div className="error-box" role="alert">
          <strong>{failure.text}</strong>
          {failure.hint !== undefined && <p>Next: {failure.hint}</p>}
        </div>
      )}
    </Modal>
  )
}

interface FormProps {
  readonly wrong: FieldError | undefined
  readonly isBusy: boolean
  readonly onStart: (filled: Filled<JobSpec>) => void
}

interface FieldProps {
  readonly label: string
  readonly name: string
  readonly wrong: FieldError | undefined
  readonly hint?: string
  readonly children: (props: {
    id: string
    name: string
    'aria-invalid': boolean
    'aria-describedby': string
  }) => React.ReactNode
}

function Field({ label, name, wrong, hint, children }: FieldProps): React.ReactElement {
  const id = useId()
  const message = wrong?.field === name ? wrong.message : undefined
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, name, 'aria-invalid': message !== undefined, 'aria-describedby': `${id}-said` })}
      <p id={`${id}-said`} className={message === undefined ? 'muted' : 'bad-text'}>
        {message ?? hint}
      </p>
    </div>
  )
}

/** Without what browsers do to names and tickets on their own. */
const plain = { autoComplete: 'off', autoCapitalize: 'off', spellCheck: false } as const

function ReceiveForm({ wrong, isBusy, onStart }: FormProps): React.ReactElement {
  const { api } = usePage()
  const [ticket, setTicket] = useState('')
  const [into, setInto] = useState(readSetting('into') ?? '')
  const [overwrite, setOverwrite] = useState('never')
  const [limit, setLimit] = useState('null')
  useEffect(() => {
    if (readSetting('into') !== undefined) return
    api.status().then(
      ({ directory }) => setInto((typed) => (typed === '' ? guessDownloads(directory) : typed)),
      () => undefined,
    )
  }, [api])
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        keepSetting('into', into.trim())
        onStart(fillReceive({ ticket, into, overwrite, limit }))
      }}
    >
      <Field
        label="Ticket"
        name="ticket"
        wrong={wrong}
        hint="The text that begins with ferry1; the whole command does as well."
      >
        {(field) => (
          <textarea
            {...field}
            {...plain}
            rows={4}
            autoFocus
            value={ticket}
            onChange={(e) => setTicket(e.target.value)}
          />
        )}
      </Field>
      <Field label="Into folder" name="into" wrong={wrong} hint="On the computer where the daemon runs.">
        {(field) => <input {...field} {...plain} value={into} onChange={(e) => setInto(e.target.value)} />}
      </Field>
      <Field label="A different file of the same name" name="overwrite" wrong={wrong}>
        {(field) => (
          <select {...field} value={overwrite} onChange={(e) => setOverwrite(e.target.value)}>
            <option value="never">is never replaced</option>
            <option value="newer">is replaced when older</option>
            <option value="rename">stays, the new one gets another name</option>
            <option value="always">is always replaced</option>
          </select>
        )}
      </Field>
      <Field label="Speed limit" name="limit" wrong={wrong} hint="It can be changed while it runs.">
        {(field) => (
          <select {...field} value={limit} onChange={(e) => setLimit(e.target.value)}>
            {limitChoices().map(({ value, text }) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        )}
      </Field>
      <footer className="buttons end">
        <button className="main-button" disabled={isBusy}>
          Receive
        </button>
      </footer>
    </form>
  )
}

function ShareForm({ wrong, isBusy, onStart }: FormProps): React.ReactElement {
  const [paths, setPaths] = useState('')
  const [name, setName] = useState('')
  const [expireHours, setExpireHours] = useState('')
  const [once, setOnce] = useState(false)
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        onStart(fillShare({ paths, name, once, expireHours }))
      }}
    >
      <Field
        label="Files or folders"
        name="paths"
        wrong={wrong}
        hint="Whole paths, one a line. Nothing is copied, and nothing is uploaded."
      >
        {(field) => (
          <textarea
            {...field}
            {...plain}
            rows={3}
            autoFocus
            value={paths}
            onChange={(e) => setPaths(e.target.value)}
          />
        )}
      </Field>
      <Field label="Name (optional)" name="name" wrong={wrong}>
        {(field) => <input {...field} {...plain} value={name} onChange={(e) => setName(e.target.value)} />}
      </Field>
      <Field label="Ends after hours (optional)" name="expireHours" wrong={wrong}>
        {(field) => (
          <input
            {...field}
            {...plain}
            inputMode="decimal"
            value={expireHours}
            onChange={(e) => setExpireHours(e.target.value)}
          />
        )}
      </Field>
      <label className="check">
        <input type="checkbox" checked={once} onChange={(e) => setOnce(e.target.checked)} />
        Stop when one peer has everything
      </label>
      <footer className="buttons end">
        <button className="main-button" disabled={isBusy}>
          Share
        </button>
      </footer>
    </form>
  )
}

function SyncForm({ wrong, isBusy, onStart }: FormProps): React.ReactElement {
  const [from, setFrom] = useState(readSetting('from') ?? '')
  const [to, setTo] = useState(readSetting('to') ?? '')
  const [isDeleting, setIsDeleting] = useState(false)
  const begin = (dryRun: boolean): void => {
    keepSetting('from', from.trim())
    keepSetting('to', to.trim())
    onStart(fillSync({ from, to, delete: isDeleting, dryRun }))
  }
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        begin(true)
      }}
    >
      <Field
        label="From"
        name="from"
        wrong={wrong}
        hint="A slash at the end means: what is in it, not itself."
      >
        {(field) => (
          <input {...field} {...plain} autoFocus value={from} onChange={(e) => setFrom(e.target.value)} />
        )}
      </Field>
      <Field label="To" name="to" wrong={wrong} hint="A folder, s3://bucket/path, or sftp://host/path.">
        {(field) => <input {...field} {...plain} value={to} onChange={(e) => setTo(e.target.value)} />}
      </Field>
      <label className="check">
        <input type="checkbox" checked={isDeleting} onChange={(e) => setIsDeleting(e.target.checked)} />
        Delete there what is not in the source
      </label>
      <footer className="buttons end">
        {/* Enter asks what would happen; only the other button does it. */}
        <button disabled={isBusy}>Try it (dry run)</button>
        <button type="button" className="main-button" disabled={isBusy} onClick={() => begin(false)}>
          Sync
        </button>
      </footer>
    </form>
  )
}
