// Packs files into a tar archive, as the plain format has it: a counterpart to the reader under test.

/** The bytes of an archive; names longer than 100 bytes get a record of their own before the file. */
export function writeTar(files: Readonly<Record<string, Uint8Array>>): Buffer {
  const records = Object.entries(files).flatMap(([name, bytes]) => [
    ...(name.length > 100 ? record("././@LongLink", "L", Buffer.from(`${name}\0`)) : []),
    ...record(name.slice(0, 100), "0", bytes),
  ]);
  return Buffer.concat([...records, Buffer.alloc(1024)]);
}

function record(name: string, type: string, bytes: Uint8Array): Uint8Array[] {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write(`${bytes.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("        ", 148);
  header.write(type, 156);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((a, b) => a + b, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
}
