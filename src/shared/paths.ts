/**
 * Names that came from outside. A `TreePath` is a path inside a manifest: relative, `/` between names, never `.` or
 * `..`, and safe to join to a folder. It is made by `parseTreePath` alone; disk paths are plain strings.
 */
declare const treePath: unique symbol
export type TreePath = string & { readonly [treePath]: true }
