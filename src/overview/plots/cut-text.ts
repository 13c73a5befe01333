/** Characters about as wide as two Latin letters. */
const WIDE =
  /\p{Emoji_Presentation}|\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}/u;
/** Letters with more marks than any language uses would be drawn over the lines above and below. */
const MAX_MARKS = 3;

const letters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * A name as one line of at most so many letters; SVG itself neither wraps nor cuts. Emoji and letters of several
 * characters stay whole.
 */
export function cutText(text: string, maxLetters: number): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  const parts = [...letters.segment(line)].map(({ segment }) => withFewMarks(segment));
  const widths = parts.map((part) => (WIDE.test(part) ? 2 : 1));
  const fits = (count: number) => widths.slice(0, count).reduce((sum, width) => sum + width, 0) <= maxLetters;
  if (fits(parts.length)) return parts.join('');
  let count = 0;
  // The last place is for the dots.
  while (count < parts.length && fits(count + 2)) count += 1;
  return `${parts.slice(0, count).join('').trimEnd()}…`;
}

function withFewMarks(letter: string): string {
  const marks = letter.match(/\p{Mn}/gu) ?? [];
  return marks.length <= MAX_MARKS ? letter : letter.replace(/\p{Mn}/gu, '');
}
