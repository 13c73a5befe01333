/** Ways to begin what a browser may read as the address of another host. */
const SLASHES = [
  '//',
  '///',
  '/\\',
  '\\\\',
  '\\/',
  '/\\/',
  '/.//',
  '/..//',
  '/./\\',
  '/companies/..//',
  '/companies\\..\\..\\\\',
  '/%2e//',
  '/%2E%2e/\\',
  '/%2f',
  '%2f%2f',
  '/%5c',
  '%5c%5c',
  '/%252f%252f',
  '/%09/',
  '/%0d%0a/',
  '/@',
  '/',
  '',
];
/** What stands in front of it. */
const SCHEMES = [
  '',
  'https:',
  'http:',
  'HTTPS:',
  'hTTp:',
  'ftp:',
  'ws:',
  'file:',
  'blob:https:',
  'view-source:https:',
];
const SCRIPTS = [
  'javascript:',
  'JaVaScRiPt:',
  'java\tscript:',
  'javascript\n:',
  '\u0001javascript:',
  'vbscript:',
  'data:text/html,',
];
const USERS = ['', 'user:password@', 'OURS@', 'OURS%40', 'OURS:80@', 'OURS\\@', '@'];
const CONTROLS = [
  '\t',
  '\n',
  '\r',
  '\0',
  '\u000b',
  '\u001f',
  ' ',
  '\u00a0',
  '\u200b',
  '\u2028',
  '\ufeff',
  '\u202e',
];
/** Letters that look like a slash, a dot, a colon, or are folded into one. */
const LOOK_ALIKES = [
  '\uff0f\uff0f',
  '/\uff0f',
  '\u2044\u2044',
  '/\u2215',
  '\u29f8\u29f8',
  '\uff3c\uff3c',
  '/\uff3c',
  'https\uff1a//',
  'https:\u2571\u2571',
];
const HOSTS = [
  'evil.example',
  'EVIL.EXAMPLE',
  'evil\u3002example',
  'evil\uff0eexample',
  'evil%2eexample',
  '\u24d4vil.example',
  '127.0.0.9',
  '0x7f.0.0.9',
  '2130706441',
  '[::1]',
  'evil.example:443',
  'evil.example%00OURS',
];

/**
 * Ways to write another host, or something that runs, where a path of ours is expected: each scheme with each beginning, each
 * beginning with each control character, user and look-alike.
 *
 * @param ours  host that we are reached at; some try to look like it
 */
export function hostileReturnTos(ours = '127.0.0.1'): string[] {
  const variants = [
    ...SCHEMES.flatMap((scheme) => SLASHES.map((slashes) => `${scheme}${slashes}evil.example`)),
    ...SCRIPTS.flatMap((script) => ['', '/', '//', '/\\'].map((slashes) => `${slashes}${script}alert(1)`)),
    ...CONTROLS.flatMap((control) => [
      `${control}//evil.example`,
      `/${control}/evil.example`,
      `//${control}evil.example`,
      `/${control}\\evil.example`,
      `https:${control}//evil.example`,
      `/companies${control}//evil.example`,
      `/companies?q=1${control}Location: https://evil.example`,
    ]),
    ...USERS.flatMap((user) =>
      ['//', '/\\', 'https://', '/', 'https:', '\\\\'].map((slashes) => `${slashes}${user}evil.example/`),
    ),
    ...LOOK_ALIKES.flatMap((slashes) =>
      ['', '/', '/companies/..'].map((before) => `${before}${slashes}evil.example`),
    ),
    ...HOSTS.flatMap((host) =>
      ['//', '/\\', 'https://', '/.//', '/@', '\\/', '/companies/..//'].map(
        (slashes) => `${slashes}${host}/companies`,
      ),
    ),
    `//${'e'.repeat(3000)}.example`,
    `/${'a/'.repeat(2500)}`,
    '/bitrix?code=x&state=y',
    '/BITRIX/',
    '/./bitrix',
    '/%2e/bitrix',
    '/companies/../bitrix?code=x',
    '/logout',
    '/login?portal=https://evil.example',
    '/language',
  ];
  return [...new Set(variants.map((variant) => variant.replaceAll('OURS', ours)))];
}
