type Token = string | typeof ANY_TEXT | typeof ANY_CHARACTER;

const ANY_TEXT = Symbol('%');
const ANY_CHARACTER = Symbol('_');

/**
 * Compiles a LIKE pattern: `%` is any text, `_` any one character, and a backslash makes the next character ordinary
 * (company-data 0.1). Letter case does not matter. Takes at most length of text times length of pattern, also for a
 * hostile pattern, which a regular expression would not.
 */
export function compileLike(pattern: string): (text: string) => boolean {
  const tokens = readTokens(pattern.toLowerCase());
  if (tokens.includes(ANY_CHARACTER)) return (text) => matches(tokens, Array.from(text.toLowerCase()));
  const parts = partsBetween(tokens);
  return (text) => hasParts(text.toLowerCase(), parts);
}

/** The ordinary texts before, between and after the `%` signs. */
function partsBetween(tokens: readonly Token[]): string[] {
  const parts = [''];
  for (const token of tokens) {
    if (token === ANY_TEXT) parts.push('');
    else parts.push(`${parts.pop()}${String(token)}`);
  }
  return parts;
}

/** Whether the text begins with the first part, ends with the last, and has the others between, in this order. */
function hasParts(text: string, parts: readonly string[]): boolean {
  const [first = '', ...others] = parts;
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let position = first.length;
  for (const part of others) {
    const found = text.indexOf(part, position);
    if (found < 0) return false;
    position = found + part.length;
  }
  return position + last.length <= text.length;
}

function readTokens(pattern: string): Token[] {
  const tokens: Token[] = [];
  const characters = Array.from(pattern);
  for (let index = 0; index < characters.length; index += 1) {
    const character = characters[index] ?? '';
    const next = characters[index + 1];
    if (character === '\\' && next !== undefined) {
      tokens.push(next);
      index += 1;
    } else if (character === '%') tokens.push(ANY_TEXT);
    else tokens.push(character === '_' ? ANY_CHARACTER : character);
  }
  return tokens;
}

/** Matches greedily; after a mismatch only the last `%` takes one character more. */
function matches(tokens: readonly Token[], text: readonly string[]): boolean {
  let position = 0;
  let token = 0;
  let lastAnyText = -1;
  let takenTo = 0;
  while (position < text.length) {
    const wanted = tokens[token];
    if (wanted === ANY_TEXT) {
      lastAnyText = token;
      takenTo = position;
      token += 1;
    } else if (wanted === ANY_CHARACTER || wanted === text[position]) {
      token += 1;
      position += 1;
    } else if (lastAnyText >= 0) {
      takenTo += 1;
      position = takenTo;
      token = lastAnyText + 1;
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest === ANY_TEXT);
}
