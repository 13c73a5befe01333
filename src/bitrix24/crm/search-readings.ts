/** What a typed text may mean. Portals are asked for every reading, and what they find is shown together. */
export interface SearchReadings {
  /** A condition of `crm.company.list`: part of a title, in any letter case. */
  title: { field: '%TITLE'; pattern: string } | { field: '=%TITLE'; pattern: string[] };
  /** As `crm.duplicate.findbycomm` takes them: the spellings that portals do not take for one number. */
  phones: string[];
  emails: string[];
}

/** `crm.duplicate.findbycomm` takes no more (company-data 3.1). */
const MOST_VALUES = 20;
/** The shortest phone number that is looked for as one. */
const FEWEST_DIGITS = 7;
/** ITU-T E.164 allows fifteen; a prefix and an extension come on top. */
const MOST_DIGITS = 24;

/** Soft hyphens, marks of direction and the like: copied along, and never seen. */
const INVISIBLE = /[\p{Cf}\p{Cc}]/gu;
const DASHES = /[\p{Pd}\u2212]/gu;

/** What a portal replaces inside a batch by the answers of other commands, up to the next blank (protocol 6.2). */
const REFERENCE = /\$(?=result|error|total|next|time)/gi;

/** Whether a portal would take this text for a reference to another command. It has no way to escape one. */
export function holdsReference(text: string): boolean {
  return text.search(REFERENCE) >= 0;
}

export function readSearch(typed: string): SearchReadings {
  const text = typed.normalize('NFC').replace(/\s+/g, ' ').replace(INVISIBLE, '').trim();
  return { title: readTitle(text, typed.trim()), phones: readPhones(text), emails: readEmails(text) };
}

const QUOTES = /["'`´«»‹›“”„‟‘’‚‛′″＂＇]/u;
/** What titles have in many forms: blanks, quotation marks, dashes. */
const GAPS = new RegExp(`((?:\\s|\\p{Pd}|\u2212|${QUOTES.source})+)`, 'u');
/** With more gaps than these, titles that have two blanks in one of them are not looked for. */
const MOST_DOUBLED = 5;

/**
 * A portal compares titles letter by letter, so a text with gaps is looked for in several forms: as it was typed; with any
 * characters in place of quotation marks, blanks and dashes (`ООО "Берёза"` finds `ООО «Берёза»`); with two blanks in place
 * of one, because a page shows them as one.
 *
 * @param typed  with the signs that nobody sees: a title may hold them, and the pictures of emoji are joined by some
 */
function readTitle(text: string, typed: string): SearchReadings['title'] {
  const parts = text.split(GAPS);
  // What stands outside of the words says nothing.
  const inner = parts.slice(parts[0] === '' ? 2 : 0, parts.at(-1) === '' ? -2 : undefined);
  const words = inner.filter((_, index) => index % 2 === 0);
  const gaps = inner.filter((_, index) => index % 2 === 1);
  if (gaps.length === 0 && text === typed && !holdsReference(text))
    return { field: '%TITLE', pattern: words[0] ?? text };
  const blanks = gaps.flatMap((gap, index) => (gap === ' ' ? [index] : []));
  const doubled = blanks.length > MOST_DOUBLED ? [] : [...blanks.map((index) => [index]), blanks];
  const forms = [
    gaps,
    gaps.map(anythingFor),
    ...doubled.map((indexes) =>
      gaps.map((gap, index) => (indexes.includes(index) ? '  ' : anythingFor(gap))),
    ),
  ];
  const patterns = forms.map(
    (form) => `%${words.flatMap((word, index) => [word, form[index] ?? '']).join('')}%`,
  );
  if (text !== typed) patterns.unshift(`%${typed}%`);
  return { field: '=%TITLE', pattern: [...new Set(patterns.map(withoutSigns))] };
}

/** A backslash would escape what comes after it, and a dollar may begin a reference: any character in their place. */
function withoutSigns(pattern: string): string {
  return pattern.replaceAll('\\', '_').replace(REFERENCE, '_');
}

/** For one character any other one; quotation marks beside a blank may be missing, or be more than one. */
function anythingFor(gap: string): string {
  return gap.length > 1 && QUOTES.test(gap) ? '%' : '_'.repeat(gap.length);
}

/** Addresses, wherever they stand: `Office <info@a.example>`, `mailto:info@a.example?subject=…`. */
function readEmails(text: string): string[] {
  const parts = text.split(/[\s<>()[\],;"]+/).map((part) => {
    const [, link] = /^mailto:([^?]*)/i.exec(part) ?? [];
    return (link === undefined ? part : decoded(link)).replace(/^['.:]+|['.:]+$/g, '');
  });
  const addresses = parts.filter((part) => /^[^@]+@[^@.]+(\.[^@.]+)+$/.test(part) && !holdsReference(part));
  return [...new Set(addresses)].slice(0, MOST_VALUES);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const SCHEME = /^(?:tel|callto|phone|sms|sip):\/*/i;
const LABEL =
  /^(?:тел|телефон|моб|мобильный|раб|рабочий|факс|т|ф|tel|telephone|phone|mobile|mob|cell|fax|t|m|f)\.?\s*:?\s*(?=[+(\d])/i;
/** One number, and its extension as people write it. */
const NUMBER = /^(\+?[\d\s().-]*\d)\)?\s*(?:(?:доб|вн|внутр|ext|extension|x|#|\*)\.?\s*:?\s*(\d{1,8}))?\.?$/i;

/** As they are written for everybody: told apart from other digits wherever they stand. */
const INTERNATIONAL = /\+\d[\d\s().-]{8,22}\d/g;

/** The numbers of a text that holds nothing else; of another text those that begin with the code of a country. */
function readPhones(text: string): string[] {
  const plain = text.replace(DASHES, '-').replace(SCHEME, '').replace(LABEL, '');
  const parts = plain.split(/\s*[,;/]\s*/).filter((part) => part !== '');
  const numbers = parts.map((part) => NUMBER.exec(part.replace(LABEL, '')));
  const phones = numbers.every((number) => number !== null)
    ? numbers.flatMap(([, main = '', extension]) => spellings(main, extension))
    : (plain.match(INTERNATIONAL) ?? []).flatMap((number) => spellings(number));
  return [...new Set(phones)].slice(0, MOST_VALUES);
}

/** What stands before ten digits: the codes of countries whose own numbers have so many, and the Russian 8. */
const BEFORE_TEN_DIGITS = ['7', '8', '1'];

/**
 * A portal compares the digits, ignores extensions and takes a Russian 8 for a 7; but ten digits are another number to it
 * than the same with the country's code, and `+8…` another than `8…` (company-data 3.1).
 *
 * @returns nothing for what is too short or too long for a number; behind a comma that is an extension
 */
function spellings(main: string, extension = ''): string[] {
  const digits = main.replace(/\D/g, '');
  if (digits.length < FEWEST_DIGITS || digits.length > MOST_DIGITS) return [];
  const written = main.startsWith('+')
    ? [`+${digits}`]
    : [digits, ...(digits.length > 9 ? [`+${digits}`] : [])];
  // `+49 (0)30 …`: the zero is not dialled from abroad.
  const withoutZero = main.replace(/\(0\)/, '');
  const inland = /^[781]\d{10}$/.test(digits) ? digits.slice(1) : digits;
  return [
    ...written,
    ...(withoutZero === main ? [] : [withoutZero.replace(/[^\d+]/g, '')]),
    ...(inland.length === 10 ? [inland, ...BEFORE_TEN_DIGITS.map((code) => code + inland)] : []),
    // A portal appends an extension that is behind a word to the digits.
    ...(extension === '' ? [] : written.map((number) => number + extension)),
  ];
}
