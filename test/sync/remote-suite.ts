/**
 * The one suite that every remote passes: folders, S3 and SFTP, each with its own servers. A remote's test calls
 * `testRemote` with a function that opens an empty location of its own for each test.
 */
import { testAbilities } from './remote-suite/abilities.ts'
import { testAssembly } from './remote-suite/assembly.ts'
import { testListing } from './remote-suite/listing.ts'
import { testNames } from './remote-suite/names.ts'
import type { RemotePlace, RemoteTraits } from './remote-suite/place.ts'
import { testWriting } from './remote-suite/writing.ts'

export type { RemotePlace, RemoteTraits } from './remote-suite/place.ts'

/** `name` begins the name of every test. */
export function testRemote(name: string, open: () => Promise<RemotePlace>, traits: RemoteTraits = {}): void {
  const suite = { name, open, traits }
  testListing(suite)
  testWriting(suite)
  testNames(suite)
  testAssembly(suite)
  testAbilities(suite)
}
