// A reporter for node:test that adds failures in full and one closing line: `N passed, N failed, N skipped`.
export default async function* summary(source) {
  let passed = 0
  let failed = 0
  let skipped = 0
  for await (const event of source) {
    if (event.type === 'test:fail' && event.data.details?.type !== 'suite') {
      failed++
      const error = event.data.details.error
      yield `\n✖ ${event.data.file ?? ''} ${event.data.name}\n${error?.cause?.stack ?? error?.stack ?? error}\n`
    } else if (event.type === 'test:pass' && event.data.details?.type !== 'suite') {
      if (event.data.skip !== undefined) {
        skipped++
        yield `\n- skipped: ${event.data.name}${typeof event.data.skip === 'string' ? ` (${event.data.skip})` : ''}\n`
      } else passed++
    }
  }
  yield `\n${passed} passed, ${failed} failed, ${skipped} skipped\n`
}
