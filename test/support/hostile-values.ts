import fc from 'fast-check';

/** Stands in hostile texts where it must not be repeated: in no error, no log line and no answer to somebody else. */
export const MARK = 'hush<!>hush';

/** Names that objects have of their own, and those that portals, browsers and records use. */
const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'toJSON',
  'then',
  'length',
  '0',
  '',
  'error',
  'error_description',
  'result',
  'ID',
  'VALUE',
  'NAME',
];

const TEXTS = [
  ...NAMES,
  MARK,
  ' ',
  '\0',
  '\n',
  '\u2028',
  '\ufeff',
  '\ud800',
  '\u202e',
  'null',
  'undefined',
  'NaN',
  '-0',
  '1e400',
  '0x10',
  '9'.repeat(400),
  '../../etc/passwd',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "'; --",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that no template engine takes it for one is the point
  '${7*7}',
  '{{7*7}}',
  '$t(errors.title)',
  '%00',
  '%',
  '%ff',
  '=1+1',
  'x'.repeat(5_000),
];

/** Any text at all, half characters included. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
);

/** Any text that can be sent: half characters cannot. */
export const anyWellFormedText: fc.Arbitrary<string> = anyText.map((text) => Buffer.from(text).toString());

const anyNumber = fc.oneof(
  fc.integer(),
  fc.maxSafeNat(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(
    0,
    -0,
    -1,
    1e300,
    Number.MAX_SAFE_INTEGER,
    Number.MAX_SAFE_INTEGER + 1,
    8.64e15,
    8.64e15 + 1,
  ),
);

const anyName = fc.oneof(fc.constantFrom(...NAMES), fc.string({ maxLength: 8 }));

/** Whatever JSON.parse may return. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    anyNumber,
    anyText,
    fc.array(tie('value'), { maxLength: 5 }),
    // As JSON.parse does it: `__proto__` is a name like any other.
    fc
      .array(fc.tuple(anyName, tie('value')), { maxLength: 5 })
      .map((entries): unknown => Object.fromEntries(entries)),
  ),
})).value;

/** Mostly what is expected, now and then anything. */
export function mostly<T>(expected: fc.Arbitrary<T>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 5, arbitrary: expected as fc.Arbitrary<unknown> },
    { weight: 1, arbitrary: anyJson },
  );
}

/** An object that is nearly as documented: each field may be missing, or hold anything. */
export function nearly(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Record<string, unknown>> {
  const mostFields = Object.entries(fields).map(([name, arbitrary]) => [name, mostly(arbitrary)] as const);
  return fc.record(Object.fromEntries(mostFields), { requiredKeys: [] });
}

/** Characters that readers of addresses, headers and lists treat each in their own way. */
const SPECIAL = [
  ...'/\\:@?#%&=.,;*[]()<>"\'`{}|^~+-_$! \t\r\n\0\u00a0\u200b\ufeff\u3002\uff0f\u2044\u2215aA0',
];

/** A text with a few characters put in, taken out or doubled. */
export function mutated(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const change = fc.record({
    kind: fc.constantFrom('insert', 'remove', 'double', 'replace', 'encode'),
    at: fc.nat({ max: 60 }),
    by: fc.oneof(fc.constantFrom(...SPECIAL), fc.string({ minLength: 1, maxLength: 3 })),
  });
  return fc
    .tuple(texts, fc.array(change, { maxLength: 4 }))
    .map(([text, changes]) => changes.reduce((before, each) => changeOnce(before, each), text));
}

function changeOnce(text: string, { kind, at, by }: { kind: string; at: number; by: string }): string {
  const place = text.length === 0 ? 0 : at % (text.length + 1);
  const [before, character, after] = [text.slice(0, place), text.charAt(place), text.slice(place + 1)];
  if (kind === 'insert') return before + by + character + after;
  if (kind === 'remove') return before + after;
  if (kind === 'double') return before + character + character + after;
  if (kind === 'replace') return before + by + after;
  const encoded = [...Buffer.from(character)]
    .map((byte) => `%${byte.toString(16).padStart(2, '0')}`)
    .join('');
  return before + encoded + after;
}
