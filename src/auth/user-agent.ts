/** A browser as people know it; null where the header does not tell. */
export interface BrowserDescription {
  browser: string | null;
  system: string | null;
}

/** The first match counts: a browser whose header also names another one comes before that one. */
const BROWSERS: [RegExp, string][] = [
  [/\bYaBrowser\//, 'Yandex'],
  [/\bEdg(A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(HeadlessChrome|Chrome|CriOS)\//, 'Chrome'],
  [/\bVersion\/.*\bSafari\//, 'Safari'],
];

const SYSTEMS: [RegExp, string][] = [
  [/\b(iPhone|iPad|iPod)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMacintosh\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

/** Reads a `User-Agent` for people: enough to tell their own browsers apart, and nothing to rely on. */
export function describeUserAgent(agent: string): BrowserDescription {
  const firstOf = (table: [RegExp, string][]) => table.find(([pattern]) => pattern.test(agent))?.[1] ?? null;
  // The header of every real browser begins so.
  if (!agent.startsWith('Mozilla/5.0 (')) return { browser: null, system: null };
  return { browser: firstOf(BROWSERS), system: firstOf(SYSTEMS) };
}
