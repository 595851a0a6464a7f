/**
 * The SSH library, by itself: the bundle holds this in a file of its own, which is loaded with the first server. Its
 * native parts are left out of the bundle, and it does without.
 */
import ssh2 from 'ssh2'

export { ssh2 }
