/** Shown to who has no token, or a wrong one: where it is, and a field for it. */
import { useState } from 'react'

export interface KeyFormProps {
  readonly refusal: string | undefined
  readonly onToken: (token: string) => void
}

export function KeyForm({ refusal, onToken }: KeyFormProps): React.ReactElement {
  const [token, setToken] = useState('')
  return (
    <main className="key-form">
      <img src="/favicon.svg" alt="" width="56" height="56" />
      <h1>ferry</h1>
      {refusal !== undefined && (
        <p className="error-box" role="alert">
          {refusal}
        </p>
      )}
      <p>
        This page steers your files, so it needs the daemon's key. Open the address that this command prints:
      </p>
      <code className="ticket">ferry daemon page</code>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          onToken(token.trim())
        }}
      >
        <div className="field">
          <label htmlFor="token">Or paste the key here</label>
          <input
            id="token"
            type="password"
            autoComplete="off"
            required
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        </div>
        <button className="main-button">Open</button>
      </form>
    </main>
  )
}
