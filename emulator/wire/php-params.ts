/** A request value as PHP sees it: a scalar, or an array with string keys. */
export type PhpValue = string | number | boolean | null | PhpValue[] | PhpArray;
export interface PhpArray {
  [key: string]: PhpValue;
}

/** Limit of nested brackets in a name. PHP has such a limit too; here it makes a hostile request harmless. */
const MAX_DEPTH = 16;

/**
 * Parses `a=1&b[x]=2&c[]=3` as PHP does: brackets nest, empty brackets append, the last of several equal names wins.
 *
 * Arrays become objects; `asList` turns one into a list.
 */
export function parsePhpParams(text: string): PhpArray {
  return collectPhpParams(new URLSearchParams(text));
}

export function collectPhpParams(pairs: Iterable<[string, string]>): PhpArray {
  const params = emptyArray();
  for (const [name, value] of pairs) {
    put(params, splitName(name), value);
  }
  return params;
}

/** `filter[>ID][0]` → `filter`, `>ID`, `0`. A name without a closing bracket stays unchanged. */
function splitName(name: string): string[] {
  const first = name.indexOf('[');
  if (first <= 0) return [name];
  const path = [name.slice(0, first)];
  for (let open = first; open >= 0 && path.length < MAX_DEPTH; ) {
    const close = name.indexOf(']', open);
    if (close < 0) break;
    path.push(name.slice(open + 1, close));
    open = name.indexOf('[', close);
  }
  return path;
}

function put(params: PhpArray, path: string[], value: string): void {
  let target = params;
  for (let depth = 0; depth < path.length - 1; depth += 1) {
    const key = path[depth] ?? '';
    const name = key === '' ? nextIndex(target) : key;
    const inner = target[name];
    if (isPhpArray(inner)) {
      target = inner;
    } else {
      const created = emptyArray();
      target[name] = created;
      target = created;
    }
  }
  const last = path.at(-1) ?? '';
  target[last === '' && path.length > 1 ? nextIndex(target) : last] = value;
}

function nextIndex(array: PhpArray): string {
  const indexes = Object.keys(array)
    .filter((key) => /^\d+$/.test(key))
    .map(Number);
  return String(Math.max(-1, ...indexes) + 1);
}

/** Without a prototype, so that a parameter named `__proto__` is an ordinary parameter. */
function emptyArray(): PhpArray {
  return Object.create(null) as PhpArray;
}

export function isPhpArray(value: PhpValue | undefined): value is PhpArray {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** PHP's `is_array`: true for lists and maps. */
export function isArrayLike(value: PhpValue | undefined): value is PhpArray | PhpValue[] {
  return typeof value === 'object' && value !== null;
}

/** The values of a PHP array in order. A scalar gives a list of one value; undefined gives an empty list. */
export function asList(value: PhpValue | undefined): PhpValue[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  return isPhpArray(value) ? Object.values(value) : [value];
}

/** The entries of a PHP array, list or map; empty for a scalar. */
export function asEntries(value: PhpValue | undefined): [string, PhpValue][] {
  return isArrayLike(value) ? Object.entries(value) : [];
}

/** A scalar, cast to string as PHP does; undefined for an array. */
export function asText(value: PhpValue | undefined): string | undefined {
  if (value === undefined || isArrayLike(value)) return undefined;
  if (value === null || value === false) return '';
  return value === true ? '1' : String(value);
}

/**
 * Finds a parameter; letter case of its name does not matter: `filter`, `FILTER` and `Filter` are the same (section
 * 7.2).
 */
export function findParam(params: PhpArray, name: string): PhpValue | undefined {
  const wanted = name.toLowerCase();
  const key = Object.keys(params).find((candidate) => candidate.toLowerCase() === wanted);
  return key === undefined ? undefined : params[key];
}
