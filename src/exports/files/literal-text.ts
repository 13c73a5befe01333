/** Texts as a cell of a CSV file holds them, so that a spreadsheet shows them as they are and does not calculate. */

/** What spreadsheets take for the beginning of a formula, behind blanks too; with the full-width forms of East Asian input. */
const FORMULA = /^(?:[\t\r\n]|[\s\p{Cf}]*[=+\-@\0\uff1d\uff0b\uff0d\uff20])/u;
/** Signs alone, as people write that there is nothing, and numbers: there is nothing to calculate. */
const HARMLESS = /^ *(?:[=+\-@ ]+|[+-]\d{1,6}(?:[.,]\d+)?)$/;

/** A phone as a portal has it, and perhaps the number of an extension. */
const PHONE =
  /^\+? ?[\d(][\d ()./\u00a0\u2009\u202f\u2212\p{Pd}]*(?:,? ?(?:доб|внутр|вн|ext|x|#)\.?:? ?\d{1,6})?$/iu;
/** Of a phone among other texts; a sum of money may look like one, too. */
const LEAST_DIGITS = 5;
/** Most phones are such, and a file has hundreds of thousands. */
const USUAL_PHONE = /^\+?[\d(][\d ()-]*$/;
/** A spreadsheet takes a number in brackets for a negative one. */
const IN_BRACKETS = /^(\+?)\((\d+)\)$/;
/** Several phones in one text. */
const NEXT_PHONE = /, ?(?=[+\d(])/;

/** Country codes of one and of two digits; others have three (ITU-T E.164). */
const COUNTRY_CODE = /^(?:[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3})(?=\d)/;

/** The text, marked with an apostrophe where a spreadsheet would run it as a formula. */
export function asLiteral(text: string): string {
  if (!FORMULA.test(text) || HARMLESS.test(text)) return text;
  // A dialler would get the apostrophe as well.
  const phones = text.startsWith('+') ? text.split(NEXT_PHONE) : [];
  return phones.length > 0 &&
    phones.every((each) => (USUAL_PHONE.test(each) || PHONE.test(each)) && isLong(each))
    ? phones.map(asPhoneText).join(', ')
    : `'${text}`;
}

/**
 * A phone as a spreadsheet leaves it alone: it would make a number of `+74991110022`, and calculate `+7-495-1234567`. So
 * blanks stand for dashes, and behind the country code.
 *
 * @returns what is no phone as it is
 */
export function asPhoneText(text: string): string {
  const blank = USUAL_PHONE.test(text) ? text.replace(/[ -]+/g, ' ') : withUsualBlanks(text);
  if (blank === undefined) return text;
  return withoutThousands(withFirstDigitsApart(blank.replace(IN_BRACKETS, '$1$2').trim()));
}

/** @returns undefined for what is no phone */
function withUsualBlanks(text: string): string | undefined {
  const visible = text.replace(/\p{Cf}/gu, '').trim();
  if (!PHONE.test(visible)) return undefined;
  return visible.replace(/(?<=[\d)])\s*[./\u2212\p{Pd}]+\s*(?=[\d(])/gu, ' ').replace(/\s/g, ' ');
}

function withFirstDigitsApart(phone: string): string {
  const [, plus = '', digits = ''] = /^(\+?)(\d+)$/.exec(phone) ?? [];
  const first = firstDigits(plus, digits);
  return first === 0 ? phone : `${plus}${digits.slice(0, first)} ${digits.slice(first)}`;
}

/** Where blanks stand between thousands, `+48 600 123 456` is a number, and `+48 (600) 123 456` is none. */
function withoutThousands(phone: string): string {
  if (!/^\+?\d{1,3}(?: \d{3})+$/.test(phone)) return phone;
  return phone.startsWith('+') ? phone.replace(/ (\d{3})/, ' ($1)') : phone.replace(/^\d+/, '($&)');
}

/** How many digits stand before the blank: the country code, the trunk prefix, or else three; none where a number would do. */
function firstDigits(plus: string, digits: string): number {
  if (digits.length < 5) return digits.startsWith('0') && digits.length > 1 ? 1 : 0;
  if (plus === '+') return COUNTRY_CODE.exec(digits)?.[0].length ?? 1;
  return /^[078]\d{10}$/.test(digits) ? 1 : 3;
}

function isLong(text: string): boolean {
  return text.replace(/\D/g, '').length >= LEAST_DIGITS;
}
