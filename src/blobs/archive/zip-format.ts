/**
 * Zip, with zip64 where sizes or numbers need it. Entries are stored, and every time is the first that a zip can tell, so
 * that equal trees are equal archives. What the directory at the end says of each entry is kept packed until then, some
 * hundred bytes each.
 * Source: PKWARE APPNOTE 6.3.10; Info-ZIP's Unix modes in the upper half of the external attributes.
 */
import { PassThrough } from 'node:stream'
import { crc32 } from 'node:zlib'
import { createByteColumn } from '../byte-column.ts'
import type { DirectoryEntry, FileEntry, SymlinkEntry } from '../manifest/entry.ts'
import { writeAndWait, type Format } from './archive-writer.ts'

const signatures = {
  local: 0x04034b50,
  descriptor: 0x08074b50,
  central: 0x02014b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
  end: 0x06054b50,
} as const

const kinds = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const
/** MS-DOS readers look at this bit of the attributes. */
const dosFolder = 0x10

/** Names are UTF-8. */
const utf8Flag = 1 << 11
/** Checksum and sizes stand behind the content. */
const descriptorFlag = 1 << 3
const stored = 0
/** The first of January 1980, at midnight. */
const firstTime = 0
const firstDate = (1 << 5) | 1
/** Unix, and the version of the format that zip64 came with. */
const madeBy = (3 << 8) | 45
const plainVersion = 20
const zip64Version = 45
const zip64Extra = 0x0001
/** A field that holds this says: look into the zip64 extra. */
const full16 = 0xffff
const full32 = 0xffffffff

interface Written {
  readonly name: Buffer
  readonly flags: number
  readonly crc: number
  readonly size: number
  readonly offset: number
  readonly attributes: number
}

type Entry = FileEntry | DirectoryEntry | SymlinkEntry

export function createZipFormat(): Format {
  const output = new PassThrough({ highWaterMark: 1024 * 1024 })
  const directory = createByteColumn()
  let offset = 0
  let count = 0

  async function write(bytes: Uint8Array): Promise<void> {
    offset += bytes.byteLength
    await writeAndWait(output, bytes)
  }

  function attributesOf(entry: Entry): number {
    const mode = kinds[entry.kind] | (entry.kind === 'symlink' ? 0o777 : entry.mode)
    return mode * 0x10000 + (entry.kind === 'directory' ? dosFolder : 0)
  }

  const nameOf = ({ kind, path }: Entry): Buffer => Buffer.from(kind === 'directory' ? `${path}/` : path)

  async function addWhole(entry: Entry, content: Uint8Array): Promise<void> {
    const written: Written = {
      name: nameOf(entry),
      flags: utf8Flag,
      crc: crc32(content),
      size: content.byteLength,
      offset,
      attributes: attributesOf(entry),
    }
    await write(localHeader(written))
    if (content.byteLength > 0) await write(content)
    remember(written)
  }

  function remember(written: Written): void {
    directory.bytes(centralHeader(written))
    count++
  }

  return {
    output,
    problem: ({ path }) =>
      path.includes('\\') ? 'a backslash in a name is a separator to those who unpack zips' : undefined,
    add: (entry) => addWhole(entry, entry.kind === 'symlink' ? Buffer.from(entry.target) : new Uint8Array(0)),
    addFile: addWhole,
    openFile(entry) {
      const { size } = entry
      const base = {
        name: nameOf(entry),
        flags: utf8Flag | descriptorFlag,
        size,
        attributes: attributesOf(entry),
      }
      let start: number | undefined
      let crc = 0
      const begin = async (): Promise<number> => {
        if (start !== undefined) return start
        start = offset
        await write(localHeader({ ...base, crc: 0, offset }))
        return start
      }
      return {
        async write(bytes) {
          await begin()
          crc = crc32(bytes, crc)
          await write(bytes)
        },
        async end() {
          const at = await begin()
          await write(descriptor(crc, size))
          remember({ ...base, crc, offset: at })
        },
      }
    },
    async end() {
      const start = offset
      await write(directory.take())
      await write(endOfArchive({ count, start, length: offset - start }))
      output.end()
    },
  }
}

/** With a descriptor behind the content, its fields are zero here, as they must be. */
function localHeader({
  name,
  flags,
  crc,
  size,
}: Omit<Written, 'offset' | 'attributes'> & { offset: number }): Buffer {
  const isLater = (flags & descriptorFlag) !== 0
  const isLarge = size >= full32
  const extra = isLarge ? 20 : 0
  const header = Buffer.alloc(30 + name.byteLength + extra)
  header.writeUInt32LE(signatures.local, 0)
  header.writeUInt16LE(isLarge ? zip64Version : plainVersion, 4)
  header.writeUInt16LE(flags, 6)
  header.writeUInt16LE(stored, 8)
  header.writeUInt16LE(firstTime, 10)
  header.writeUInt16LE(firstDate, 12)
  header.writeUInt32LE(crc, 14)
  header.writeUInt32LE(isLarge ? full32 : isLater ? 0 : size, 18)
  header.writeUInt32LE(isLarge ? full32 : isLater ? 0 : size, 22)
  header.writeUInt16LE(name.byteLength, 26)
  header.writeUInt16LE(extra, 28)
  name.copy(header, 30)
  if (isLarge) {
    // It says that the descriptor has sizes of eight bytes; they themselves are zero, as they come there.
    const at = 30 + name.byteLength
    header.writeUInt16LE(zip64Extra, at)
    header.writeUInt16LE(16, at + 2)
  }
  return header
}

function descriptor(crc: number, size: number): Buffer {
  const isLarge = size >= full32
  const bytes = Buffer.alloc(isLarge ? 24 : 16)
  bytes.writeUInt32LE(signatures.descriptor, 0)
  bytes.writeUInt32LE(crc, 4)
  if (isLarge) {
    bytes.writeBigUInt64LE(BigInt(size), 8)
    bytes.writeBigUInt64LE(BigInt(size), 16)
  } else {
    bytes.writeUInt32LE(size, 8)
    bytes.writeUInt32LE(size, 12)
  }
  return bytes
}

function centralHeader({ name, flags, crc, size, offset, attributes }: Written): Buffer {
  const large = [...(size >= full32 ? [size, size] : []), ...(offset >= full32 ? [offset] : [])]
  const extra = large.length > 0 ? 4 + 8 * large.length : 0
  const header = Buffer.alloc(46 + name.byteLength + extra)
  header.writeUInt32LE(signatures.central, 0)
  header.writeUInt16LE(madeBy, 4)
  header.writeUInt16LE(extra > 0 ? zip64Version : plainVersion, 6)
  header.writeUInt16LE(flags, 8)
  header.writeUInt16LE(stored, 10)
  header.writeUInt16LE(firstTime, 12)
  header.writeUInt16LE(firstDate, 14)
  header.writeUInt32LE(crc, 16)
  header.writeUInt32LE(Math.min(size, full32), 20)
  header.writeUInt32LE(Math.min(size, full32), 24)
  header.writeUInt16LE(name.byteLength, 28)
  header.writeUInt16LE(extra, 30)
  header.writeUInt32LE(attributes, 38)
  header.writeUInt32LE(Math.min(offset, full32), 42)
  name.copy(header, 46)
  if (extra > 0) {
    const at = 46 + name.byteLength
    header.writeUInt16LE(zip64Extra, at)
    header.writeUInt16LE(extra - 4, at + 2)
    large.forEach((value, index) => header.writeBigUInt64LE(BigInt(value), at + 4 + 8 * index))
  }
  return header
}

/** @param directory where the central directory begins and how long it is, in bytes, and how many entries it has */
function endOfArchive({ count, start, length }: { count: number; start: number; length: number }): Buffer {
  const end = Buffer.alloc(22)
  end.writeUInt32LE(signatures.end, 0)
  end.writeUInt16LE(Math.min(count, full16), 8)
  end.writeUInt16LE(Math.min(count, full16), 10)
  end.writeUInt32LE(Math.min(length, full32), 12)
  end.writeUInt32LE(Math.min(start, full32), 16)
  if (count < full16 && length < full32 && start < full32) return end
  const end64 = Buffer.alloc(56)
  end64.writeUInt32LE(signatures.end64, 0)
  // Of what follows this field.
  end64.writeBigUInt64LE(44n, 4)
  end64.writeUInt16LE(madeBy, 12)
  end64.writeUInt16LE(zip64Version, 14)
  end64.writeBigUInt64LE(BigInt(count), 24)
  end64.writeBigUInt64LE(BigInt(count), 32)
  end64.writeBigUInt64LE(BigInt(length), 40)
  end64.writeBigUInt64LE(BigInt(start), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(signatures.locator64, 0)
  locator.writeBigUInt64LE(BigInt(start + length), 8)
  locator.writeUInt32LE(1, 16)
  return Buffer.concat([end64, locator, end])
}
