/** The cells of a flat OpenDocument sheet as texts, and how many of them are formulas. */
export function readCells(xml: string): { rows: string[][]; formulas: number } {
  const table = /<table:table [^>]*>(.*?)<\/table:table>/s.exec(xml)?.[1] ?? '';
  const rows = [...table.matchAll(/<table:table-row[^>]*>(.*?)<\/table:table-row>/gs)].map(([, row = '']) =>
    [...row.matchAll(/<table:table-cell([^>]*?)(?:\/>|>(.*?)<\/table:table-cell>)/gs)].flatMap(
      ([, attributes = '', content = '']) => {
        const times = Number(/number-columns-repeated="(\d+)"/.exec(attributes)?.[1] ?? 1);
        // Empty cells up to the edge of a sheet come as one.
        return Array.from({ length: Math.min(times, 100) }, () => textOf(content));
      },
    ),
  );
  const filled = rows.filter((row) => row.some((text) => text !== ''));
  return { rows: filled, formulas: [...table.matchAll(/table:formula=/g)].length };
}

function textOf(content: string): string {
  return content
    .replace(/<office:annotation.*?<\/office:annotation>/gs, '')
    .replaceAll('</text:p><text:p>', '\n')
    .replace(/<text:s(?: text:c="(\d+)")?\/>/g, (_, count: string) => ' '.repeat(Number(count ?? 1)))
    .replace(/<text:tab\/>/g, '\t')
    .replace(/<text:line-break\/>/g, '\n')
    .replace(/<[^>]*>/g, '')
    .trim()
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replace(/&#x?[\da-f]+;/gi, (entity) => {
      const code = /^&#x/i.test(entity) ? Number.parseInt(entity.slice(3), 16) : Number(entity.slice(2, -1));
      return String.fromCodePoint(code);
    })
    .replaceAll('&amp;', '&');
}
