// Writes a tar archive record by record, without any check: what a test says is what the file holds.

/** One record. */
export interface TarPart {
  readonly name: string;
  /** One character: `0` a file, `1` a hard link, `2` a symbolic link, `3` a device, `5` a folder, `x` attributes of the next, `L` its long name. */
  readonly type?: string;
  readonly bytes?: Uint8Array;
  readonly link?: string;
  /** Default: of `bytes`. */
  readonly claimedSize?: number;
  readonly checksum?: number;
}

export function tarOf(parts: readonly TarPart[]): Buffer {
  return Buffer.concat([...parts.flatMap(record), Buffer.alloc(1024)]);
}

function record({ name, type = "0", bytes = Buffer.alloc(0), link = "", claimedSize = bytes.length, checksum }: TarPart): Uint8Array[] {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write("0000644\0", 100);
  header.write(`${claimedSize.toString(8).padStart(11, "0")}\0`, 124);
  header.write("        ", 148);
  header.write(type, 156);
  header.write(link, 157, 100);
  header.write("ustar\x0000", 257);
  const sum = checksum ?? header.reduce((a, b) => a + b, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
}

/** The body of an `x` record. */
export function paxOf(attributes: Readonly<Record<string, string>>): Buffer {
  const lines = Object.entries(attributes).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = Buffer.byteLength(rest) + 1;
    while (`${length}`.length + Buffer.byteLength(rest) !== length) length++;
    return `${length}${rest}`;
  });
  return Buffer.from(lines.join(""));
}
