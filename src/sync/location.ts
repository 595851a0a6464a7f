/** What SRC and DST of a sync mean. `parse-location.ts` makes these from text. */

export interface LocalLocation {
  readonly kind: 'local'
  /** Absolute. */
  readonly path: string
}

export interface S3Location {
  readonly kind: 's3'
  readonly bucket: string
  /** Without a slash at either end; '' for the whole bucket. */
  readonly prefix: string
  /** What the SDK's own chain would choose, when left out. */
  readonly endpoint?: string | undefined
  readonly region?: string | undefined
  readonly profile?: string | undefined
  /** Default: true with an endpoint of one's own. */
  readonly pathStyle?: boolean | undefined
  readonly storageClass?: string | undefined
}

export interface SftpLocation {
  readonly kind: 'sftp'
  /** As given: a name of ~/.ssh/config, a host name or an address. */
  readonly host: string
  readonly port?: number | undefined
  readonly user?: string | undefined
  /** As given: absolute, or relative to the home folder there (then without a slash in front); '' is the home folder. */
  readonly path: string
  readonly identityFile?: string | undefined
}

export interface TicketLocation {
  readonly kind: 'ticket'
  readonly ticket: string
}

export type RemoteLocation = LocalLocation | S3Location | SftpLocation
export type Location = RemoteLocation | TicketLocation

export interface ParsedLocation<Kind extends Location = Location> {
  readonly location: Kind
  /** It ended in a slash: as a source, what is in the folder and not the folder itself. */
  readonly contents: boolean
}
