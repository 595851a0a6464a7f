/** As much XML as S3 needs: elements with text. */

/** A tree to be written: text, elements in order, or several elements of one name. */
export type XmlNode =
  | string
  | number
  | boolean
  | { readonly [name: string]: XmlNode | readonly XmlNode[] | undefined }

function escapeText(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex -- S3 writes these as references, which XML 1.0 does not allow
    /[&<>"\u0000-\u001f]/g,
    (char) =>
      ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[char] ??
      `&#x${char.charCodeAt(0).toString(16)};`,
  )
}

function writeNode(name: string, node: XmlNode): string {
  if (typeof node !== 'object') return `<${name}>${escapeText(String(node))}</${name}>`
  return `<${name}>${writeChildren(node)}</${name}>`
}

function writeChildren(node: Exclude<XmlNode, string | number | boolean>): string {
  let text = ''
  for (const [name, value] of Object.entries(node)) {
    if (value === undefined) continue
    for (const one of Array.isArray(value) ? (value as readonly XmlNode[]) : [value as XmlNode])
      text += writeNode(name, one)
  }
  return text
}

export function writeXml(name: string, node: XmlNode): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${writeNode(name, node)}`
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

export function unescapeText(text: string): string {
  return text.replace(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, name: string) => {
    if (name.startsWith('#x')) return String.fromCodePoint(Number.parseInt(name.slice(2), 16))
    if (name.startsWith('#')) return String.fromCodePoint(Number(name.slice(1)))
    return entities[name] ?? whole
  })
}

/** The inner text of every `name` element, in order. They must not contain each other. */
export function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?: [^>]*)?>([^]*?)</${name}>`, 'g'))].map(
    (match) => match[1] as string,
  )
}

/** The text of the first `name` element. */
export function elementText(xml: string, name: string): string | undefined {
  const inner = elements(xml, name)[0]
  return inner === undefined ? undefined : unescapeText(inner)
}
