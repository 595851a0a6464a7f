/** Throws away what has arrived of files that never became whole. */
import { FerryError } from '../../shared/errors.ts'
import type { Entry } from './entry.ts'

/** @throws E_USAGE for a job whose partial data is not in a folder of its own */
export function dropPartialData(_entry: Entry): Promise<void> {
  return Promise.reject(new FerryError('E_USAGE', 'Cannot delete partial data: this is not supported yet'))
}
