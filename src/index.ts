/** The library's one door. */
export { FerryError } from './shared/errors.ts'
export type { ErrorCode } from './shared/errors.ts'
