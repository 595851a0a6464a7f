import { after } from 'node:test'
import { openS3Place } from '../support/s3/open-s3.ts'
import { startS3 } from '../support/s3/start-s3.ts'
import { testRemote } from '../sync/remote-suite.ts'

const s3 = await startS3()
s3.bucket('test')
after(() => s3[Symbol.asyncDispose]())

testRemote('openS3Remote', () => openS3Place(s3))
