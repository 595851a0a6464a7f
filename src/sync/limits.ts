/** Limits on what comes from outside into this room. */

/** Four times the longest path of Linux: every byte may be percent-encoded in a URL. */
export const maxLocationChars = 16_384

/** rsync passes over longer rules: no path is as long. */
export const maxPatternBytes = 4095
