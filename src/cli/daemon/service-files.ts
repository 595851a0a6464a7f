/** What makes the daemon start with the user's session: a unit of systemd, or an agent of launchd. Pure. */

export interface ServiceFile {
  readonly path: string
  readonly text: string
  /** What the user runs to let it act now. */
  readonly activate: readonly string[]
}

export interface ServiceInput {
  readonly platform: NodeJS.Platform
  readonly home: string
  /** Absolute; undefined: below `home`. */
  readonly configHome: string | undefined
  /** Program and arguments, absolute. */
  readonly command: readonly string[]
  /** Kept for the service, such as FERRY_HOME. */
  readonly environment: Readonly<Record<string, string>>
  readonly log: string
}

/** Undefined where there is neither. */
export function serviceFile(input: ServiceInput): ServiceFile | undefined {
  if (input.platform === 'linux') return systemdUnit(input)
  if (input.platform === 'darwin') return launchdAgent(input)
  return undefined
}

/** In double quotes as systemd reads them; `%` and `$` would mean something. */
const quoted = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`

function systemdUnit({ home, configHome, command, environment }: ServiceInput): ServiceFile {
  const settings = Object.entries(environment).map(
    ([name, value]) => `Environment=${quoted(`${name}=${value}`).replaceAll('$$', '$')}`,
  )
  return {
    path: `${configHome ?? `${home}/.config`}/systemd/user/ferry.service`,
    text: `[Unit]
Description=ferry: shares, receives and syncs in the background
After=network-online.target

[Service]
ExecStart=${command.map(quoted).join(' ')}
${settings.map((line) => `${line}\n`).join('')}Restart=on-failure
RestartSec=5
TimeoutStopSec=20

[Install]
WantedBy=default.target
`,
    activate: ['systemctl --user daemon-reload', 'systemctl --user enable --now ferry'],
  }
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

function launchdAgent({ home, command, environment, log }: ServiceInput): ServiceFile {
  const path = `${home}/Library/LaunchAgents/ferry.plist`
  const words = command.map((word) => `    <string>${escaped(word)}</string>`)
  const variables = Object.entries(environment).map(
    ([name, value]) => `    <key>${escaped(name)}</key><string>${escaped(value)}</string>\n`,
  )
  return {
    path,
    text: `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>ferry</string>
  <key>ProgramArguments</key>
  <array>
${words.join('\n')}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
${variables.join('')}  </dict>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
  <key>StandardErrorPath</key><string>${escaped(log)}</string>
</dict>
</plist>
`,
    activate: [`launchctl load -w '${path}'`],
  }
}
