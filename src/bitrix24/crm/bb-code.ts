/** Removes BBCode, as portals write it in comments. Everything here takes time in proportion to the length of the text. */

/**
 * What becomes of a tag. Of those that come in pairs, one without the other is text: `a[i]` is how programmers write.
 *
 * - `inline`: only its words remain
 * - `block`: its words stand on lines of their own
 * - `list`: a block, inside which `[*]` begins an item
 * - `cell`: its words are set apart from those of the next cell
 * - `link`: its words remain, and its address
 * - `code`: a block, inside which there are no tags
 * - `picture`: nothing remains of it and its address
 */
type Pair = 'inline' | 'block' | 'list' | 'item' | 'cell' | 'link' | 'code' | 'picture';

const PAIRS = new Map<string, Pair>([
  ...of('inline', 'b i u s sub sup color size font user project department mention chat call send put video'),
  ...of('block', 'p quote center left right justify table tr spoiler h1 h2 h3 h4 h5 h6'),
  ...of('list', 'list ul ol'),
  ...of('item', 'li'),
  ...of('cell', 'td th'),
  ...of('link', 'url'),
  ...of('code', 'code'),
  ...of('picture', 'img'),
]);

function of(pair: Pair, names: string): [string, Pair][] {
  return names.split(' ').map((name) => [name, pair]);
}

/** A tag, whatever its name. Nothing in it is another tag, so the search for its end stops at the next one. */
const TAG = /\[(\/?)([a-z][a-z\d]*|\*)(?:([= ])([^[\]]*))?\]/gi;

interface Tag {
  name: string;
  isEnd: boolean;
  /** What stands behind its name, or an empty text. */
  value: string;
  /** It stands there behind `=`, as no person would type it. */
  hasValue: boolean;
  /** Where it is in the text. */
  from: number;
  to: number;
  hasPartner: boolean;
}

/** A text without its BBCode: lists and cells become lines, links keep their addresses in brackets. */
export function withoutBbCode(text: string): string {
  const tags = readTags(text);
  if (tags.length === 0) return text;
  const plain = new PlainText();
  let from = 0;
  for (const tag of tags) {
    if (!isMarkup(tag, plain)) continue;
    plain.add(text.slice(from, tag.from));
    from = tag.to;
    write(tag, plain);
  }
  plain.add(text.slice(from));
  return plain.text;
}

/** The tags that portals know, outside of code. */
function readTags(text: string): Tag[] {
  const tags: Tag[] = [];
  const open = new Map<string, Tag[]>();
  const lastCode = text.toLowerCase().lastIndexOf('[/code]');
  let isCode = false;
  for (const match of text.matchAll(TAG)) {
    const [whole, slash, name = '', sign, value = ''] = match;
    const tag = {
      name: name.toLowerCase(),
      isEnd: slash === '/',
      value,
      hasValue: sign === '=',
      from: match.index,
      to: match.index + whole.length,
      hasPartner: false,
    };
    if (!PAIRS.has(tag.name) && !SINGLES.has(tag.name)) continue;
    if (isCode && !(tag.name === 'code' && tag.isEnd)) continue;
    isCode = tag.name === 'code' && !tag.isEnd && tag.from < lastCode;
    tags.push(tag);
    pair(tag, open);
  }
  return tags;
}

function pair(tag: Tag, open: Map<string, Tag[]>): void {
  const waiting = open.get(tag.name) ?? [];
  if (!tag.isEnd) {
    open.set(tag.name, waiting);
    waiting.push(tag);
    return;
  }
  const partner = waiting.pop();
  if (partner === undefined) return;
  partner.hasPartner = true;
  tag.hasPartner = true;
}

/** Tags without an end; what they leave behind. */
const SINGLES = new Map<string, (value: string, plain: PlainText) => void>([
  ['*', (_, plain) => plain.beginItem()],
  ['br', (_, plain) => plain.breakLine()],
  ['hr', (_, plain) => plain.breakLine()],
  // The portal shows the file there.
  ['disk', () => {}],
  ['timestamp', (value, plain) => plain.add(readTimestamp(value))],
]);

function isMarkup({ name, value, hasValue, hasPartner, isEnd }: Tag, plain: PlainText): boolean {
  if (name === '*') return plain.isInList && !isEnd;
  if (name === 'disk') return /^file /i.test(value);
  if (name === 'timestamp') return hasValue;
  return hasPartner || isEnd || hasValue || SINGLES.has(name);
}

/** What a tag that is markup leaves behind, as the comment on `Pair` says. */
const WRITERS: Record<Pair, (tag: Tag, plain: PlainText) => void> = {
  inline() {},
  block(_, plain) {
    plain.breakLine();
  },
  code(_, plain) {
    plain.breakLine();
  },
  list({ isEnd, hasPartner }, plain) {
    plain.breakLine();
    if (hasPartner) plain.nestList(isEnd ? -1 : 1);
  },
  item({ isEnd }, plain) {
    if (isEnd) plain.breakLine();
    else plain.beginItem();
  },
  cell({ isEnd }, plain) {
    if (isEnd) plain.add(' ');
  },
  picture({ isEnd, hasPartner }, plain) {
    if (hasPartner) plain.hide(!isEnd);
  },
  link({ isEnd, hasPartner, value }, plain) {
    if (!hasPartner) return;
    if (isEnd) plain.endLink();
    else plain.beginLink(value);
  },
};

function write(tag: Tag, plain: PlainText): void {
  const single = SINGLES.get(tag.name);
  const pair = PAIRS.get(tag.name);
  if (single) single(tag.value, plain);
  else if (pair) WRITERS[pair](tag, plain);
}

/** Seconds since 1970, and perhaps a format: `1790000000 format=SHORT_DATE_FORMAT`. By UTC, since the text says no other clock. */
function readTimestamp(value: string): string {
  const [seconds = ''] = /^\d{1,11}(?!\d)/.exec(value) ?? [];
  return seconds === ''
    ? ''
    : `${new Date(Number(seconds) * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** Text that is written from its beginning to its end. */
class PlainText {
  readonly #parts: string[] = [];
  readonly #links: { address: string; at: number }[] = [];
  #lists = 0;
  #hidden = 0;
  /** A tag has just begun a line, so a line break in the text itself is the same one, and blanks are of no use. */
  #isNewLine = false;

  get text(): string {
    return this.#parts.join('');
  }

  get isInList(): boolean {
    return this.#lists > 0;
  }

  add(text: string): void {
    const own = this.#isNewLine ? text.replace(/^[ \t]*(\r?\n)?/, '') : text;
    if (text === '' || this.#hidden > 0) return;
    this.#isNewLine = false;
    if (own !== '') this.#parts.push(own);
  }

  breakLine(): void {
    const last = this.#parts.at(-1);
    if (last !== undefined && !last.endsWith('\n')) this.#parts.push('\n');
    this.#isNewLine = true;
  }

  beginItem(): void {
    this.breakLine();
    this.#parts.push('* ');
  }

  nestList(by: 1 | -1): void {
    this.#lists += by;
  }

  hide(isBegin: boolean): void {
    this.#hidden += isBegin ? 1 : -1;
  }

  beginLink(address: string): void {
    this.#links.push({ address, at: this.#parts.length });
  }

  /** Writes the address behind the words as links of HTML are written, unless it could run code or is the words themselves. */
  endLink(): void {
    const { address, at } = this.#links.pop() ?? { address: '', at: 0 };
    const words = this.#parts[at];
    const areWords = words === address && this.#parts.length === at + 1;
    if (!/^(https?|mailto|tel):/i.test(address)) return;
    if (words === undefined) this.add(address);
    else if (!areWords) this.add(` [${address}]`);
  }
}
