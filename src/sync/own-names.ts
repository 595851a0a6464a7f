/** Names that ferry keeps for itself in every place: no listing tells them. */
import { isReservedName, lastName } from '../shared/paths.ts'

/** The folder of ferry's records, directly in a location. */
export const ownFolder = '.ferry'

/** True for what is ferry's own and no data: the folder of records with all in it, parts of files, and their journals. */
export function isOwnPath(path: string): boolean {
  return path === ownFolder || path.startsWith(`${ownFolder}/`) || isReservedName(lastName(path))
}
