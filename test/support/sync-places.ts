/** Places that a real `ferry sync` reaches in tests: a bucket of the test server, and a folder on an SSH server. */
import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseJsonLines, runFerry } from './ferry.ts'
import type { Stage } from './journey.ts'
import { describeExit, type Exit } from './process.ts'
import { environmentOf, testBucket } from './s3/open-s3.ts'
import type { S3Server } from './s3/start-s3.ts'
import type { Sshd } from './sshd.ts'

export interface Place {
  /** A location of this name in the place. */
  at(name: string): string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

export interface Summary {
  readonly exitCode: number
  readonly bytes: { readonly sent: number; readonly saved: number; readonly written: number }
  readonly done: Readonly<Record<string, number>>
}

export function bucketPlace(server: S3Server): Place {
  return {
    at: (name) => `s3://${testBucket}/${name}`,
    args: ['--s3-endpoint', server.endpoint, '--s3-region', server.region],
    env: environmentOf(server) as Record<string, string>,
  }
}

/** Folders of the stage itself, seen through the server; its keys lie in the sender's home. */
export function sshPlace(stage: Stage, server: Sshd): Place {
  const ssh = join(stage.senderHome, '.ssh')
  mkdirSync(ssh, { recursive: true, mode: 0o700 })
  copyFileSync(server.knownHostsFile, join(ssh, 'known_hosts'))
  copyFileSync(server.keyFile, join(ssh, 'id_ed25519'))
  chmodSync(join(ssh, 'id_ed25519'), 0o600)
  return {
    at: (name) => `sftp://${server.user}@127.0.0.1:${server.port}${stage.at(name)}`,
    args: [],
    env: {},
  }
}

/** Folders of the stage, by their names. */
export const localPlace: Place = { at: (name) => name, args: [], env: {} }

/** Runs `ferry sync -a` in the sender's home, which knows how to reach the places. */
export async function runSync(
  stage: Stage,
  places: readonly Place[],
  ...args: readonly string[]
): Promise<Exit> {
  const { senderHome: home, path: cwd } = stage
  return await runFerry(['sync', '-a', '--no-dht', ...places.flatMap((place) => place.args), ...args], {
    home,
    cwd,
    env: Object.assign({}, ...places.map(({ env }) => env)) as Record<string, string>,
  })
}

/** As `runSync`, with `--json`; it must end well. */
export async function sync(
  stage: Stage,
  places: readonly Place[],
  ...args: readonly string[]
): Promise<Summary> {
  const exit = await runSync(stage, places, '--json', ...args)
  assert.equal(exit.code, 0, describeExit(exit))
  return parseJsonLines(exit.stdout).at(-1) as unknown as Summary
}

/** What was done of everything that can be done. */
export function changed({ done }: Summary): string[] {
  return Object.keys(done).filter((key) => key !== 'same' && done[key] !== 0)
}
