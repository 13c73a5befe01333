/** `55.75;37.61`, an id, or nothing: what follows the text of an address. */
const IS_TECHNICAL = /^[\s\d.;,+-]*$/;

/**
 * The text of a value of type `address`: `Lenin Street 1|55.1;37.2|17` has coordinates and an id behind it, of which later
 * ones may be missing; newer portals may keep JSON (company-data 5.3).
 *
 * @returns an empty text where there are only coordinates or an id
 */
export function readAddress(value: string): string {
  const [first = '', ...others] = value.split('|');
  const end = others.findIndex((part) => IS_TECHNICAL.test(part));
  const words = end === -1 ? others : others.slice(0, end);
  // A text may hold the sign itself.
  const text = [first, ...words]
    .map((part) => part.trim())
    .filter(Boolean)
    .join(', ');
  return /^\s*\{.*\}\s*$/s.test(text) ? fromJson(text) : text;
}

/** The parts of an address by their numbers, or its whole text. */
function fromJson(text: string): string {
  try {
    const { text: whole, address, fieldCollection } = JSON.parse(text) as Record<string, unknown>;
    const texts = [whole, address].filter(isWords);
    if (texts[0] !== undefined) return texts[0];
    const isObject = typeof fieldCollection === 'object' && fieldCollection !== null;
    const parts = Object.values(isObject ? fieldCollection : {}).filter(isWords);
    return [...new Set(parts)].join(', ');
  } catch {
    return text;
  }
}

function isWords(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}
