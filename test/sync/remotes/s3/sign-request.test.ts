import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSigner, encodePart } from '../../../../src/sync/remotes/s3/sign-request.ts'

const keys = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}
const nowMs = Date.UTC(2013, 4, 24)
const put = {
  method: 'PUT',
  host: 'examplebucket.s3.amazonaws.com',
  path: `/${encodePart('test$file.text')}`,
  query: {},
  headers: { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
  body: new TextEncoder().encode('Welcome to Amazon S3.'),
}
const signatureOf = (headers: Record<string, string>): string | undefined =>
  /Signature=([0-9a-f]+)$/.exec(headers['authorization'] ?? '')?.[1]

test("createSigner: gives the signature of Amazon's example of a Put", () => {
  const headers = createSigner('us-east-1').sign(put, keys, nowMs)
  assert.equal(signatureOf(headers), '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd')
})

test("createSigner: gives the signature of Amazon's examples of requests with a query", () => {
  const signer = createSigner('us-east-1')
  const get = { ...put, method: 'GET', path: '/', headers: {}, body: new Uint8Array(0) }
  const lifecycle = signer.sign({ ...get, query: { lifecycle: '' } }, keys, nowMs)
  assert.equal(signatureOf(lifecycle), 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543')
  const list = signer.sign({ ...get, query: { prefix: 'J', 'max-keys': '2' } }, keys, nowMs)
  assert.equal(signatureOf(list), '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7')
})

test('createSigner: another day and another secret have other signatures, and a token is signed', () => {
  const signer = createSigner('us-east-1')
  const first = signatureOf(signer.sign(put, keys, nowMs))
  const day = signatureOf(signer.sign(put, keys, nowMs + 86_400_000))
  const secret = signatureOf(signer.sign(put, { ...keys, secretAccessKey: 'other' }, nowMs))
  const withToken = signer.sign(put, { ...keys, sessionToken: 'token' }, nowMs)
  assert.equal(withToken['x-amz-security-token'], 'token')
  assert.match(withToken['authorization'] as string, /SignedHeaders=[^,]*x-amz-security-token/)
  assert.equal(new Set([first, day, secret, signatureOf(withToken)]).size, 4)
  assert.equal(signatureOf(signer.sign(put, keys, nowMs)), first)
})

test('encodePart: encodes all but what S3 leaves as it is', () => {
  assert.equal(encodePart("a-b_c.d~e!f'(g)*h ü+"), 'a-b_c.d~e%21f%27%28g%29%2Ah%20%C3%BC%2B')
})
