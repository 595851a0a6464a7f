// Sections of a Markdown file that a program writes: between `<!-- figures: NAME -->` and `<!-- end of figures -->`. Pure.

const end = '<!-- end of figures -->'
const pattern = /<!-- figures: ([a-z-]+) -->/g

/**
 * Replaces what stands in each section by what `write` gives for its name.
 * @throws Error when a section has no end, or `write` does not know it.
 */
export function fillSections(text, write) {
  let filled = ''
  let from = 0
  for (const { 0: start, 1: name, index } of text.matchAll(pattern)) {
    const until = text.indexOf(end, index)
    const next = text.indexOf('<!-- figures: ', index + 1)
    if (until < 0 || (next >= 0 && next < until)) throw new Error(`the section ${name} has no end: ${end}`)
    filled += `${text.slice(from, index)}${start}\n${write(name)}\n${end}`
    from = until + end.length
  }
  return filled + text.slice(from)
}
