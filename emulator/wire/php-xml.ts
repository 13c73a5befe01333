/**
 * A value as the portal's XML: one element per key, `item` for numbered keys, no attributes, no declaration
 * [core:rest/classes/general/rest.php, outputXml]. null and false are empty, true is 1, as when PHP prints them.
 */
export function toPhpXml(value: unknown): string {
  if (typeof value !== 'object' || value === null) return escapeXml(printed(value));
  return Object.entries(value)
    .map(([key, inner]) => {
      const name = /^(0|-?[1-9]\d*)$/.test(key) ? 'item' : key;
      return `<${name}>${toPhpXml(inner)}</${name}>`;
    })
    .join('');
}

function printed(value: unknown): string {
  if (value === null || value === undefined || value === false) return '';
  return value === true ? '1' : String(value);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}
