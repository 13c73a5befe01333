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
  return (text) => matches(tokens, Array.from(text.toLowerCase()));
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
