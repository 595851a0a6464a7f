/**
 * A real S3 server: one node of Ceph with its gateway, from Debian's packages, with all its state in a temporary folder.
 * It takes some twenty seconds to start.
 */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { retry } from '../../../src/shared/concurrency.ts'
import { type RunningProcess, startProcess } from '../process.ts'
import { requireServer } from '../servers.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { type S3Address, testBucket } from './open-s3.ts'

/** Why there can be no such server here, or false; for the `skip` option of a test. */
export const rgwSkipReason: string | false =
  requireServer('radosgw') ||
  requireServer('ceph-osd') ||
  requireServer('ceph-mon') ||
  requireServer('ceph-mgr')

export interface RgwServer extends S3Address, AsyncDisposable {}

const run = promisify(execFile)
const usualDiskBytes = 8 * 1024 ** 3

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  const ports: number[] = []
  for (const server of servers) {
    await new Promise((resolve) =>
      server.listening ? resolve(undefined) : server.once('listening', resolve),
    )
    ports.push((server.address() as AddressInfo).port)
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve))
  return ports
}

/**
 * Starts the server, with the bucket that `openS3Place` wants. `diskBytes`: what it may hold, in a file with holes; what is
 * removed from it counts for hours.
 */
export async function startRgw(diskBytes: number = usualDiskBytes): Promise<RgwServer> {
  const folder = temporaryFolder()
  const daemons: RunningProcess[] = []
  const stop = async (): Promise<void> => {
    for (const daemon of daemons.toReversed()) await daemon[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  }
  try {
    return { ...(await start(folder.path, daemons, diskBytes)), [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function configOf(folder: string, id: string, monitor: string, port: number, diskBytes: number): string {
  return `[global]
fsid = ${id}
mon_host = ${monitor}
public_network = 127.0.0.0/8
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
osd_pool_default_size = 1
osd_pool_default_min_size = 1
mon_allow_pool_size_one = true
osd_pool_default_pg_num = 8
osd_crush_chooseleaf_type = 0
mon_max_pg_per_osd = 1000
run_dir = ${folder}/out
admin_socket = ${folder}/out/$name.asok
pid_file = ${folder}/out/$name.pid
log_file = ${folder}/out/$name.log
keyring = ${folder}/keyring
[osd]
osd_objectstore = bluestore
bluestore_block_size = ${diskBytes}
osd_memory_target = 939524096
osd_data = ${folder}/osd
[mon]
mon_data = ${folder}/mon
[mgr]
mgr_data = ${folder}/mgr
[client.rgw]
rgw_data = ${folder}/rgw
rgw_frontends = beast endpoint=127.0.0.1:${port}
`
}

async function start(folder: string, daemons: RunningProcess[], diskBytes: number): Promise<S3Address> {
  const at = (name: string): string => `${folder}/${name}`
  for (const name of ['out', 'osd', 'mon', 'mgr', 'rgw']) mkdirSync(at(name))
  const [v2, v1, port] = (await freePorts(3)) as [number, number, number]
  const monitor = `[v2:127.0.0.1:${v2},v1:127.0.0.1:${v1}]`
  const id = randomUUID()
  const config = at('ceph.conf')
  writeFileSync(config, configOf(folder, id, monitor, port, diskBytes))

  const daemon = (command: string, ...args: string[]): void => {
    daemons.push(startProcess(command, ['-c', config, ...args, '-f'], { env: process.env }))
  }
  const keyring = at('keyring')
  const allowAll = ['mon', 'osd', 'mgr', 'mds'].flatMap((kind) => ['--cap', kind, 'allow *'])
  await run('ceph-authtool', [
    '--create-keyring',
    keyring,
    '--gen-key',
    '-n',
    'mon.',
    '--cap',
    'mon',
    'allow *',
  ])
  for (const name of ['client.admin', 'osd.0', 'mgr.x'])
    await run('ceph-authtool', [keyring, '--gen-key', '-n', name, ...allowAll])
  const gateway = ['--cap', 'mon', 'allow rw', '--cap', 'osd', 'allow rwx', '--cap', 'mgr', 'allow rw']
  await run('ceph-authtool', [keyring, '--gen-key', '-n', 'client.rgw', ...gateway])
  await run('monmaptool', ['--create', '--addv', 'a', monitor, '--fsid', id, at('monmap')])
  await run('ceph-mon', ['-c', config, '--mkfs', '-i', 'a', '--monmap', at('monmap'), '--keyring', keyring])
  daemon('ceph-mon', '-i', 'a')
  daemon('ceph-mgr', '-i', 'x')
  const disk = randomUUID()
  await run('ceph', ['-c', config, 'osd', 'new', disk], { timeout: 60_000 })
  await run('ceph-osd', ['-c', config, '-i', '0', '--mkfs', '--osd-uuid', disk])
  daemon('ceph-osd', '-i', '0')
  await run('ceph', ['-c', config, 'osd', 'crush', 'add', 'osd.0', '1.0', 'host=localhost', 'root=default'])
  daemon('radosgw', '-n', 'client.rgw')

  const credentials = { accessKeyId: 'TESTKEY', secretAccessKey: 'TESTSECRET' }
  const admin = ['-c', config, '-n', 'client.rgw', 'user', 'create', '--uid=t', '--display-name=t']
  const keys = [`--access-key=${credentials.accessKeyId}`, `--secret-key=${credentials.secretAccessKey}`]
  await run('radosgw-admin', [...admin, ...keys], { timeout: 90_000 })
  const endpoint = `http://127.0.0.1:${port}`
  const client = new S3Client({
    endpoint,
    credentials,
    region: 'us-east-1',
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  })
  // The gateway listens some seconds after its start.
  await retry(() => client.send(new CreateBucketCommand({ Bucket: testBucket })), {
    attempts: 120,
    baseMs: 250,
    capMs: 500,
    retryable: () => true,
  })
  client.destroy()
  return { endpoint, credentials }
}
