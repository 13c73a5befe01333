/** More zeros than this are not written: the number keeps its exponent. */
const MAX_EXPONENT = 400;

/**
 * A number with every digit it has, grouped and placed as the format does. A double would round `1234567890123456.78`, and
 * Intl shows twenty digits of a fraction at most.
 *
 * @param text  an optional sign, digits, an optional fraction, an optional exponent; another text is returned as it is
 */
export function formatExactly(format: Intl.NumberFormat, text: string): string {
  const { sign, whole, fraction } = readDigits(text) ?? {};
  if (whole === undefined || fraction === undefined) return text;
  // A money format writes whole amounts without a fraction.
  if (/^0*$/.test(fraction)) return format.format(`${sign}${whole}` as `${number}`);
  const { minimumFractionDigits = 0 } = format.resolvedOptions();
  return format
    .formatToParts(`${sign}${whole}.11` as `${number}`)
    .map(({ type, value }) => (type === 'fraction' ? fraction.padEnd(minimumFractionDigits, '0') : value))
    .join('');
}

function readDigits(text: string): { sign: string; whole: string; fraction: string } | undefined {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:E([+-]?\d+))?$/i.exec(text);
  if (!match) return undefined;
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] = match;
  const exponent = Number(exponentText);
  if (Math.abs(exponent) > MAX_EXPONENT) return undefined;
  // Zeros on both sides, so that the point can be moved among digits.
  const digits = `${'0'.repeat(Math.max(0, -exponent))}${whole}${fraction}${'0'.repeat(Math.max(0, exponent - fraction.length))}`;
  const point = digits.length - Math.max(0, fraction.length - exponent);
  return { sign, whole: digits.slice(0, point) || '0', fraction: digits.slice(point) };
}

/** The same digits without an exponent, for readers that know none. */
export function withoutExponent(text: string): string {
  // Hardly any number has one.
  if (!/e/i.test(text)) return text;
  const { sign, whole, fraction } = readDigits(text) ?? {};
  if (whole === undefined) return text;
  return `${sign}${whole.replace(/^0+(?=\d)/, '')}${fraction && `.${fraction}`}`;
}
