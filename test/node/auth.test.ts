import assert from 'node:assert/strict'
import test from 'node:test'
import { discoveryKeyOf, isProof, proofOf, shareIdOf } from '../../src/node/auth.ts'
import type { ProofInput } from '../../src/node/auth.ts'

const fill = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)
const input: ProofInput = {
  secret: fill(16, 1),
  role: 'receiver',
  shareId: shareIdOf(fill(16, 1)),
  providerPeer: 'provider',
  receiverPeer: 'receiver',
  providerNonce: fill(32, 2),
  receiverNonce: fill(32, 3),
}

test('isProof: accepts the proof of exactly this conversation', () => {
  const proof = proofOf(input)
  assert.equal(isProof(proof, input), true)
  const others: ProofInput[] = [
    { ...input, secret: fill(16, 9) },
    { ...input, role: 'provider' },
    { ...input, shareId: fill(32, 9) },
    { ...input, providerPeer: 'provide' },
    { ...input, receiverPeer: 'someone' },
    { ...input, providerPeer: 'receiver', receiverPeer: 'provider' },
    { ...input, providerNonce: fill(32, 9) },
    { ...input, receiverNonce: fill(32, 9) },
    { ...input, providerNonce: input.receiverNonce, receiverNonce: input.providerNonce },
  ]
  for (const other of others) assert.equal(isProof(proof, other), false)
  assert.equal(isProof(proof.subarray(1), input), false)
  assert.equal(isProof(new Uint8Array(), input), false)
})

test('shareIdOf, discoveryKeyOf: are what they were, and differ', () => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
  assert.equal(
    hex(shareIdOf(fill(16, 1))),
    '42092c7a9950bd9f7809527c2aabb2a42c75330027c702e5560063d60623139c',
  )
  assert.equal(
    hex(discoveryKeyOf(fill(16, 1))),
    'dee74690c5e3f07b69bca0e4595f9e35932245446edb0fec07712901bcd6e8eb',
  )
  assert.equal(hex(proofOf(input)), '23e06138f1e089e9b61ab42decb0a7e19f4a6ef579b453b92c37b957ea6b2f8e')
})
