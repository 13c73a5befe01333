import { inflateRawSync } from 'node:zlib';

/** Cells of a CSV file as RFC 4180 reads them, behind a byte order mark if there is one. */
export function readCsv(text: string, delimiter = ','): string[][] {
  const rows: string[][] = [[]];
  let at = text.startsWith('\ufeff') ? 1 : 0;
  while (at < text.length) {
    let cell = '';
    if (text[at] === '"') {
      for (at += 1; text[at] !== '"' || text[at + 1] === '"'; at += 1) {
        if (text[at] === '"') at += 1;
        cell += text[at];
      }
      at += 1;
    } else {
      for (; at < text.length && text[at] !== delimiter && !text.startsWith('\r\n', at); at += 1) {
        if ('"\r\n'.includes(text[at] ?? '')) throw new Error('a bare quote or line break');
        cell += text[at];
      }
    }
    rows.at(-1)?.push(cell);
    if (text.startsWith('\r\n', at)) {
      at += 2;
      if (at < text.length) rows.push([]);
    } else if (text[at] === delimiter) at += 1;
  }
  return rows;
}

/** The files of a ZIP, by its directory. */
export function readZip(zip: Buffer): Map<string, Buffer> {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const files = new Map<string, Buffer>();
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [method, bytes] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)];
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    const local = zip.readUInt32LE(at + 42);
    const begin = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const content = zip.subarray(begin, begin + bytes);
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    files.set(name, method === 0 ? content : inflateRawSync(content));
    at += 46 + nameLength + extra + comment;
  }
  return files;
}

export interface SheetCell {
  place: string;
  kind: 'text' | 'number';
  style: number;
  value: string;
}

const CELL =
  /<c r="([A-Z]+\d+)"(?: s="(\d+)")?(?: t="(\w+)")?>(?:<v>([^<]*)<\/v>|<is><t xml:space="preserve">([^<]*)<\/t><\/is>)<\/c>/g;

/** Cells of a sheet as Excel reads them. @throws when there is anything in it that is none of ours */
export function readSheet(xml: string): SheetCell[][] {
  return [...xml.matchAll(/<row r="\d+">(.*?)<\/row>/gs)].map(([, row = '']) => {
    if (row.replace(CELL, '') !== '')
      throw new Error(`a strange cell: ${row.replace(CELL, '').slice(0, 200)}`);
    return [...row.matchAll(CELL)].map(([, place = '', style = '0', type, number, text]) => ({
      place,
      style: Number(style),
      kind: type === 'inlineStr' ? ('text' as const) : ('number' as const),
      value: number ?? decode(text ?? ''),
    }));
  });
}

function decode(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML does not allow them
  if (/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text)) throw new Error('not XML');
  return text
    .replace(/\r\n?/g, '\n')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replace(/_x([\da-f]{4})_/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
