import type { CompanyRow, Multifield, MultifieldName } from '../crm/row.ts';

/** Companies with edge-case or hostile values; the key names the case. */
const AWKWARD = {
  markup: {
    TITLE: '<script>alert("title")</script><b>Bold & Sons</b>',
    COMMENTS: '<img src=x onerror=alert(1)> [url=javascript:alert(1)]click[/url]',
  },
  quotes: { TITLE: `O'Brien "The Quote" & 'Sons' \\ Co. \`tick\`` },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this text tests that no template engine evaluates it
  template: { TITLE: '<%= 7 * 7 %> ${7 * 7} {{7 * 7}} %s %d' },
  emoji: { TITLE: '🍕 Pizza & 👩‍👩‍👧‍👦 Family 🇺🇳', COMMENTS: 'Ends in half a pair? 😀' },
  formulaEquals: { TITLE: '=1+1' },
  formulaPlus: { TITLE: '+SUM(A1:A9)' },
  formulaMinus: { TITLE: '-2+3' },
  formulaAt: { TITLE: '@SUM(1,1)' },
  formulaTab: { TITLE: '\t=HYPERLINK("https://phish.example","click")' },
  csv: { TITLE: 'Semicolon; comma, "quoted", and\ttab' },
  veryLong: { TITLE: 'Very long name '.repeat(67).slice(0, 1000) },
  oneLongWord: { TITLE: 'W'.repeat(255) },
  rightToLeft: { TITLE: 'شركة الاختبار المحدودة', COMMENTS: 'עברית' },
  override: { TITLE: 'Safe \u202Egnp.exe' },
  zeroWidth: { TITLE: 'Zero\u200Bwidth\u200D\uFEFF company' },
  combining: { TITLE: 'Z̸̢a̷l̶g̵o̴ Ltd' },
  onlySpaces: { TITLE: '   ' },
  newlines: {
    TITLE: 'Address with lines Ltd',
    ADDRESS: 'Floor 3\r\n12 Mill Lane\nBack door',
    COMMENTS: 'First line\nSecond line',
  },
  scriptAddress: {
    TITLE: 'Link trap Ltd',
    WEB: [
      ['WORK', 'javascript:alert(document.domain)'],
      ['OTHER', 'data:text/html,<script>alert(1)</script>'],
    ],
  },
  badEmail: {
    TITLE: 'Mail trap Ltd',
    EMAIL: [
      ['WORK', '"><svg onload=alert(1)>@example.com'],
      ['OTHER', 'a@example.com?bcc=b@example.org'],
    ],
  },
  badPhone: {
    TITLE: 'Phone trap Ltd',
    PHONE: [
      ['WORK', '+1 212 555 0100;phone-context=evil'],
      ['OTHER', 'ask for Jim'],
    ],
  },
  noType: { TITLE: 'Company without a type', COMPANY_TYPE: null, INDUSTRY: null, EMPLOYEES: null },
  unknownType: {
    TITLE: 'Company of a type nobody knows',
    COMPANY_TYPE: 'UC_GONE42',
    INDUSTRY: 'OLD_INDUSTRY',
  },
  unknownUser: {
    TITLE: 'Company of somebody who left',
    ASSIGNED_BY_ID: '9999',
    CREATED_BY_ID: '9999',
    MODIFY_BY_ID: '9999',
  },
  noRevenue: { TITLE: 'Company without a revenue', REVENUE: null },
  zeroRevenue: { TITLE: 'Company that earned nothing', REVENUE: '0.00' },
  hugeRevenue: {
    TITLE: 'Company that earned nearly everything',
    REVENUE: '99999999999.99',
    UF_CRM_1700000006: '99999999999.99|USD',
  },
  negativeRevenue: { TITLE: 'Company that earned less than nothing', REVENUE: '-1500.50' },
  noCurrency: {
    TITLE: 'Company without a currency',
    REVENUE: '1000.00',
    CURRENCY_ID: null,
    UF_CRM_1700000006: '|USD',
    UF_CRM_1700000007: '12 Mill Lane|;|',
  },
  oddCurrency: { TITLE: 'Company with a currency of its own', REVENUE: '1000.00', CURRENCY_ID: 'XTS' },
  manyContacts: {
    TITLE: 'Company that is easy to reach',
    PHONE: [
      ['WORK', '+1 212 555 0101'],
      ['MOBILE', '+1 212 555 0102'],
      ['FAX', '+1 212 555 0103'],
      ['HOME', '+1 212 555 0104'],
      ['PAGER', '+1 212 555 0105'],
      ['MAILING', '+1 212 555 0106'],
      ['OTHER', '+1 212 555 0107'],
    ],
    EMAIL: [
      ['WORK', 'work@example.com'],
      ['HOME', 'home@example.org'],
      ['MAILING', 'news@example.net'],
      ['OTHER', 'other@example.com'],
    ],
    WEB: [
      ['WORK', 'https://www.example.com/'],
      ['VK', 'https://vk.example/club1'],
      ['TWITTER', 'https://twitter.example/company'],
    ],
    IM: [
      ['TELEGRAM', '@company_example'],
      ['SKYPE', 'company.example'],
    ],
  },
  noContacts: { TITLE: 'Company that cannot be reached', PHONE: [], EMAIL: [], WEB: [] },
  sameName: { TITLE: 'Twin Ltd' },
  sameNameAgain: { TITLE: 'Twin Ltd' },
  pathLike: { TITLE: '../../etc/passwd' },
  numberLike: { TITLE: '0012345' },
  nullLike: { TITLE: 'null' },
} satisfies Record<string, Awkward>;

const TITLES = new Set<string>(Object.values(AWKWARD).map(({ TITLE }) => TITLE));

/** Whether this is an edge-case company, by title: generated companies never have these titles. */
export function isAwkward({ TITLE }: CompanyRow): boolean {
  return TITLES.has(TITLE);
}

/** Title of the company with more than one page of contacts and deals. */
export const MANY_RELATIONS_TITLE: string = AWKWARD.manyContacts.TITLE;
/** Title of the company without contacts and deals. */
export const NO_RELATIONS_TITLE: string = AWKWARD.noContacts.TITLE;

type Pairs = [kind: string, value: string][];
interface Awkward {
  TITLE: string;
  PHONE?: Pairs;
  EMAIL?: Pairs;
  WEB?: Pairs;
  IM?: Pairs;
  [field: string]: string | null | Pairs | undefined;
}

/**
 * Companies whose values often break pages, exports and links.
 *
 * @param firstId   ID of the first company
 * @param defaults  values of all fields that a case does not set
 */
export function awkwardCompanies(firstId: number, defaults: Partial<CompanyRow>): CompanyRow[] {
  return (Object.values(AWKWARD) as Awkward[]).map((awkward, index) => {
    const id = firstId + index;
    const values = Object.entries(awkward).map(([field, value]) => [
      field,
      Array.isArray(value) ? toMultifields(id, field as MultifieldName, value) : value,
    ]);
    return { ...defaults, ...Object.fromEntries(values), ID: String(id) } as CompanyRow;
  });
}

function toMultifields(companyId: number, TYPE_ID: MultifieldName, pairs: Pairs): Multifield[] {
  const offset = { PHONE: 0, EMAIL: 10, WEB: 20, IM: 30, LINK: 40 }[TYPE_ID];
  return pairs.map(([VALUE_TYPE, VALUE], index) => ({
    ID: String(companyId * 100 + offset + index),
    VALUE_TYPE,
    VALUE,
    TYPE_ID,
  }));
}
