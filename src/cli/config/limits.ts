/** Limits on files of settings. */

/** A file of settings that a person keeps has a few kilobytes. */
export const maxConfigBytes: number = 256 * 1024
/** Deeper than any file of settings nests; the parser would go much further. */
export const maxTomlDepth = 16
/** A value that could be listed and typed; lists have as many. */
export const maxListLength = 1000
/** Folders above the current one in which a project file is looked for: more than a path has. */
export const maxParentFolders = 256
