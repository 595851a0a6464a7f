// Reads what other programs and the kernel print. Pure: text in, figures out.

/** All bytes that have come in over the loopback interface, headers included, from /proc/net/dev. */
export function parseLoopbackBytes(text) {
  const line = text.split('\n').find((each) => each.trim().startsWith('lo:'))
  return line === undefined ? undefined : Number(line.split(':')[1].trim().split(/\s+/)[0])
}

/** Files below `folder`, not folders, that a log of `strace -e trace=open,openat,openat2` shows opened. */
export function countOpenedFiles(log, folder) {
  return log
    .split('\n')
    .filter((line) => /\bopen(at2?)?\(/.test(line))
    .filter((line) => line.includes(`"${folder}/`) && !line.includes('O_DIRECTORY')).length
}

/** What the receiving side of `iperf3 --json` got; bytes and seconds of all streams together. */
export function parseIperf(text) {
  const { end, error } = JSON.parse(text)
  if (error !== undefined) throw new Error(`iperf3 failed: ${error}`)
  const { bytes, seconds } = end.sum_received
  return { bytes, seconds, megabitsPerSecond: (bytes * 8) / 1e6 / seconds }
}
