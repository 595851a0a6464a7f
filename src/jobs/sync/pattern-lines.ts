/** Files that a sync is told about: patterns of `--exclude-from`, and names of `--files-from`. */
export { namesOfFile as readNames } from '../../sync/plan/files-from.ts'
export { rulesOfFile as readRules } from '../../sync/plan/filter-rules.ts'
