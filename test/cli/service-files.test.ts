import assert from 'node:assert/strict'
import { test } from 'node:test'
import { table } from '../../src/cli/daemon/tables.ts'
import { serviceFile } from '../../src/cli/daemon/service-files.ts'

const input = {
  home: '/home/me',
  configHome: undefined,
  command: ['/usr/bin/node', '/opt/my "ferry"/main.js', 'daemon', 'run'],
  environment: { FERRY_HOME: '/data/100% $mine' },
  log: '/home/me/log',
}

test('serviceFile: a unit of systemd in which no name means more than itself', () => {
  const unit = serviceFile({ ...input, platform: 'linux' })
  assert.equal(unit?.path, '/home/me/.config/systemd/user/ferry.service')
  assert.match(unit.text, /^ExecStart="\/usr\/bin\/node" "\/opt\/my \\"ferry\\"\/main\.js" "daemon" "run"$/m)
  assert.match(unit.text, /^Environment="FERRY_HOME=\/data\/100%% \$mine"$/m)
  assert.deepEqual(
    serviceFile({ ...input, configHome: '/c', platform: 'linux' })?.path,
    '/c/systemd/user/ferry.service',
  )
})

test('serviceFile: an agent of launchd with escaped text, and none elsewhere', () => {
  const agent = serviceFile({ ...input, environment: { FERRY_HOME: '/a&<b>' }, platform: 'darwin' })
  assert.match(agent?.text ?? '', /<string>\/a&amp;&lt;b&gt;<\/string>/)
  assert.match(agent?.text ?? '', /<string>\/opt\/my "ferry"\/main\.js<\/string>/)
  assert.equal(serviceFile({ ...input, platform: 'win32' }), undefined)
})

test('table: as wide as it must be, and the wide column gives way', () => {
  const rows = [['t_1', 'a-very-long-name-of-a-file-that-does-not-fit.bin']]
  const lines = table(['ID', 'NAME'], rows, 30, 1).trimEnd().split('\n')
  assert.ok(lines.every((line) => line.length <= 30))
  assert.match(lines[1] ?? '', /^t_1 {2}a-very.*\.bin$/)
  assert.equal(table(['ID', 'NAME'], [], 30, 1), '')
})
