import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BrowserAgent } from '../support/browser-agent.ts';
import { aPortal, aUser } from '../support/builders.ts';
import { postFields } from '../support/post-fields.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const JSON_HEADERS = { accept: 'application/json', 'sec-fetch-site': 'same-origin' };
const DEFAULT_COLUMNS = [
  'id',
  'title',
  'type',
  'industry',
  'contacts',
  'responsible',
  'revenue',
  'created',
  'modified',
];
const MAX_VIEWS = 50;
/** Names that a page easily gets wrong. */
const HOSTILE = [
  '<script>alert(1)</script>',
  '"><svg onload=alert(1)>',
  `O'Brien & "Sons"`,
  '&lt;b&gt; &amp;',
  '<%= 7 * 7 %> {{name}} $t(app.name)',
  '👩‍👩‍👧‍👦 شركة \u202Egnp.exe',
];

describe('wishes of people', () => {
  let app: TestApp;
  let freshId = 100;
  beforeAll(async () => {
    // Each test is somebody else, so that none finds what another one has left.
    const users = Array.from({ length: 200 }, (_, index) =>
      aUser({ id: 101 + index, login: `user${101 + index}`, crm: 'all' }),
    );
    // What is wished for shows at once, however long the companies themselves are kept.
    app = await startApp({ emulator: { portals: [aPortal({ users })] }, cacheSeconds: 600 });
  });
  afterAll(() => app.stop());

  /** Somebody whom nobody has seen before. */
  async function somebody(): Promise<BrowserAgent & { login: string }> {
    freshId += 1;
    return signedIn(`user${freshId}`);
  }

  async function signedIn(login: string): Promise<BrowserAgent & { login: string }> {
    const agent = app.agent();
    await app.signIn(agent, login);
    return { ...agent, login };
  }

  const save = (agent: BrowserAgent, name: string, search = '') =>
    postFields(agent, `${app.origin}/companies/views`, [
      ['name', name],
      ['search', search],
    ]);
  const forget = (agent: BrowserAgent, id: string, returnTo = '/companies') =>
    postFields(agent, `${app.origin}/companies/views/forget`, [
      ['id', id],
      ['returnTo', returnTo],
    ]);
  const arrange = (agent: BrowserAgent, columns: string[], others: [string, string][] = []) =>
    postFields(agent, `${app.origin}/companies/layout`, [
      ...columns.map((column): [string, string] => ['columns', column]),
      ...others,
    ]);
  const list = async (agent: BrowserAgent, query = '') =>
    (await agent.visit(`${app.origin}/companies${query}`)).text;

  describe('POST /companies/views', () => {
    describe('when a view gets a name', () => {
      it('keeps it, and leads back to it', async () => {
        const agent = await somebody();

        const answer = await save(agent, 'Clients by name', 'type=CUSTOMER&sort=title&order=asc');

        expect(answer).toMatchObject({
          status: 303,
          location: '/companies?type=CUSTOMER&sort=title&order=asc',
        });
        expect(viewsOf(await list(agent))).toEqual([
          ['Clients by name', '/companies?type=CUSTOMER&sort=title&order=asc'],
        ]);
      });

      it('marks it where it is shown, and only there', async () => {
        const agent = await somebody();
        await save(agent, 'Clients', 'type=CUSTOMER');
        await save(agent, 'Partners', 'type=PARTNER');

        const page = await list(agent, '?type=CUSTOMER');

        expect(currentViewsOf(page)).toEqual(['Clients']);
      });

      it.each([
        ['page=3&type=CUSTOMER', '/companies?type=CUSTOMER'],
        ['sort=id&order=desc&q=&colour=red', '/companies'],
        ['type=A%2CB', '/companies?type=A,B'],
        ['created_from=2024-02-30', '/companies'],
        ['//evil.example/?q=a', '/companies'],
      ])('keeps of “%s” what a list can show: %s', async (search, address) => {
        const agent = await somebody();

        const answer = await save(agent, 'View', search);

        expect(answer).toMatchObject({ status: 303, location: address });
        expect(viewsOf(await list(agent))).toEqual([['View', address]]);
      });

      it('shows the newest first', async () => {
        const agent = await somebody();

        for (const name of ['One', 'Two', 'Three']) await save(agent, name, `q=${name}`);

        expect(viewsOf(await list(agent)).map(([name]) => name)).toEqual(['Three', 'Two', 'One']);
      });

      it('replaces one of the same name, blanks around it aside', async () => {
        const agent = await somebody();
        await save(agent, 'Mine', 'q=old');
        await save(agent, 'mine', 'q=other');

        await save(agent, '  Mine  ', 'q=new');

        expect(viewsOf(await list(agent))).toEqual([
          ['Mine', '/companies?q=new'],
          ['mine', '/companies?q=other'],
        ]);
      });

      it.each(HOSTILE)('shows %s as it is', async (name) => {
        const agent = await somebody();

        await save(agent, name, 'q=a');

        const page = await list(agent);
        expect(viewsOf(page)).toEqual([[name, '/companies?q=a']]);
        expect(page).not.toMatch(/<script>|<svg/);
      });

      it('keeps a name of 80 characters', async () => {
        const agent = await somebody();
        const name = 'Ж'.repeat(80);

        await save(agent, name, 'q=a');

        expect(viewsOf(await list(agent))).toEqual([[name, '/companies?q=a']]);
      });
    });

    describe('when the name cannot be one', () => {
      it.each([['a'.repeat(81)], [''], ['   ']])('“%s” answers 400 and keeps nothing', async (name) => {
        const agent = await somebody();

        const answer = await save(agent, name, 'q=a');

        expect(answer.status).toBe(400);
        expect(viewsOf(await list(agent))).toEqual([]);
      });

      it.each([
        [
          'two names',
          [
            ['name', 'a'],
            ['name', 'b'],
          ],
        ],
        ['no name', [['search', 'q=a']]],
        [
          'an address of 4,001 characters',
          [
            ['name', 'a'],
            ['search', 'x'.repeat(4_001)],
          ],
        ],
      ] as [string, [string, string][]][])('%s answer 400', async (_what, fields) => {
        const agent = await somebody();

        const answer = await postFields(agent, `${app.origin}/companies/views`, fields);

        expect(answer.status).toBe(400);
      });
    });

    describe('when there are fifty already', () => {
      it('refuses another one and tells why, replaces one, and takes one more when one is gone', async () => {
        const agent = await somebody();
        for (let number = 1; number <= MAX_VIEWS; number += 1) await save(agent, `View ${number}`);

        const refused = await save(agent, 'One too many');
        const replaced = await save(agent, 'View 1', 'q=new');
        const full = viewsOf(await list(agent));
        await forget(agent, firstIdOf(await list(agent)));
        const taken = await save(agent, 'One more');

        expect(refused.status).toBe(409);
        expect(refused.text).toContain('There are too many saved views');
        expect(replaced.status).toBe(303);
        expect(full).toHaveLength(MAX_VIEWS);
        expect(full[0]).toEqual(['View 1', '/companies?q=new']);
        expect(taken.status).toBe(303);
        expect(viewsOf(await list(agent))[0]).toEqual(['One more', '/companies']);
      });

      it('keeps all when they are saved at the same time', async () => {
        const agent = await somebody();
        const names = Array.from({ length: 10 }, (_, index) => `View ${index}`);

        await Promise.all(names.map((name) => save(agent, name)));

        expect(
          viewsOf(await list(agent))
            .map(([name]) => name)
            .sort(),
        ).toEqual(names);
      });
    });
  });

  describe('POST /companies/views/forget', () => {
    describe('when a view is not wanted any more', () => {
      it('forgets it and no other, and leads back', async () => {
        const agent = await somebody();
        await save(agent, 'Stays', 'q=stays');
        await save(agent, 'Goes', 'q=goes');

        const answer = await forget(agent, firstIdOf(await list(agent)), '/companies?q=stays&page=2');

        expect(answer).toMatchObject({ status: 303, location: '/companies?q=stays&page=2' });
        expect(viewsOf(await list(agent))).toEqual([['Stays', '/companies?q=stays']]);
      });
    });

    describe('when it is somebody else’s, or none', () => {
      it('changes nothing for anybody', async () => {
        const [owner, other] = [await somebody(), await somebody()];
        await save(owner, 'Owned', 'q=a');
        await save(other, 'Other', 'q=b');

        const answers = [
          await forget(other, firstIdOf(await list(owner))),
          await forget(other, 'unknown'),
          await postFields(other, `${app.origin}/companies/views/forget`, []),
          await postFields(other, `${app.origin}/companies/views/forget`, [
            ['id', 'a'],
            ['id', 'b'],
          ]),
        ];

        expect(answers.map(({ status }) => status)).toEqual([303, 303, 303, 303]);
        expect(viewsOf(await list(owner))).toEqual([['Owned', '/companies?q=a']]);
        expect(viewsOf(await list(other))).toEqual([['Other', '/companies?q=b']]);
      });
    });
  });

  describe('POST /companies/layout', () => {
    describe('when nobody has said anything', () => {
      it('the list has its usual columns, comfortably', async () => {
        const page = await list(await somebody());

        expect(columnsOf(page)).toEqual(DEFAULT_COLUMNS);
        expect(densityOf(page)).toBe('comfortable');
      });
    });

    describe('when columns are chosen', () => {
      it('shows them in their order, the title among them', async () => {
        const agent = await somebody();

        const answer = await arrange(
          agent,
          ['modified', 'employees', 'id'],
          [
            ['density', 'compact'],
            ['returnTo', '/companies?q=Al'],
          ],
        );

        const page = await list(agent, '?q=Al');
        expect(answer).toMatchObject({ status: 303, location: '/companies?q=Al' });
        expect(columnsOf(page)).toEqual(['id', 'title', 'employees', 'modified']);
        expect(cellsOf(page)).toEqual(['id', 'title', 'employees', 'modified']);
        expect(tickedOf(page)).toEqual(['id', 'title', 'employees', 'modified', 'compact']);
        expect(densityOf(page)).toBe('compact');
      });

      it.each([[['revenue']], [['title', 'revenue']], [['revenue', 'revenue']]])(
        '%j shows the title and the revenue',
        async (columns) => {
          const agent = await somebody();

          await arrange(agent, columns);

          expect(columnsOf(await list(agent))).toEqual(['title', 'revenue']);
        },
      );

      it('keeps the views that were saved before, and views keep the columns', async () => {
        const agent = await somebody();
        await save(agent, 'Before', 'q=a');
        await arrange(agent, ['type']);

        await save(agent, 'After', 'q=b');

        const page = await list(agent);
        expect(viewsOf(page).map(([name]) => name)).toEqual(['After', 'Before']);
        expect(columnsOf(page)).toEqual(['title', 'type']);
      });
    });

    describe('when no box is ticked', () => {
      it('leaves the titles, without which nobody could open anything', async () => {
        const agent = await somebody();
        await arrange(agent, ['type']);

        await arrange(agent, []);

        expect(columnsOf(await list(agent))).toEqual(['title']);
      });
    });

    describe('when something is asked for that there is not', () => {
      it.each<[what: string, columns: string[], others: [string, string][]]>([
        ['an unknown column', ['id', 'phone'], []],
        ['a column in capitals', ['ID'], []],
        ['an empty column', [''], []],
        ['a name that every object has', ['constructor'], []],
        ['an unknown density', ['id'], [['density', 'tiny']]],
        [
          'two densities',
          ['id'],
          [
            ['density', 'compact'],
            ['density', 'compact'],
          ],
        ],
      ])('%s answers 400 and changes nothing', async (_what, columns, others) => {
        const agent = await somebody();
        await arrange(agent, ['type'], [['density', 'compact']]);

        const answer = await arrange(agent, columns, others);

        const page = await list(agent);
        expect(answer.status).toBe(400);
        expect(columnsOf(page)).toEqual(['title', 'type']);
        expect(densityOf(page)).toBe('compact');
      });
    });
  });

  describe('whoever comes from another browser', () => {
    it('finds views, columns and density there', async () => {
      const agent = await somebody();
      await save(agent, 'Clients', 'type=CUSTOMER');
      await arrange(agent, ['industry'], [['density', 'compact']]);

      const page = await list(await signedIn(agent.login));

      expect(viewsOf(page)).toEqual([['Clients', '/companies?type=CUSTOMER']]);
      expect(columnsOf(page)).toEqual(['title', 'industry']);
      expect(densityOf(page)).toBe('compact');
    });

    it('finds them through another process too', async () => {
      const agent = await somebody();
      await save(agent, 'Clients', 'type=CUSTOMER');
      const origin = await app.replica();

      const page = await agent.visit(`${origin}/companies`);

      expect(viewsOf(page.text)).toEqual([['Clients', '/companies?type=CUSTOMER']]);
    });

    it('finds nothing of somebody else’s', async () => {
      const agent = await somebody();
      await save(agent, 'Clients', 'type=CUSTOMER');
      await arrange(agent, ['industry'], [['density', 'compact']]);

      const page = await list(await somebody());

      expect(viewsOf(page)).toEqual([]);
      expect(columnsOf(page)).toEqual(DEFAULT_COLUMNS);
      expect(densityOf(page)).toBe('comfortable');
    });
  });

  const FORMS: [path: string, fields: [string, string][]][] = [
    [
      '/companies/views',
      [
        ['name', 'Planted'],
        ['search', 'q=a'],
      ],
    ],
    ['/companies/views/forget', [['id', 'x']]],
    ['/companies/layout', [['columns', 'id']]],
  ];

  describe.each(FORMS)('POST %s', (path, fields) => {
    it.each<[what: string, headers: Record<string, string>]>([
      ['from another site', { 'sec-fetch-site': 'cross-site' }],
      ['from another origin of this site', { 'sec-fetch-site': 'same-site' }],
      ['with another origin', { origin: 'https://evil.example' }],
      ['with neither', {}],
    ])('%s answers 403 and changes nothing', async (_what, headers) => {
      const agent = await somebody();
      await save(agent, 'Kept', 'q=kept');

      const answer = await postFields(agent, app.origin + path, fields, {
        accept: 'application/json',
        ...headers,
      });

      const page = await list(agent);
      expect(answer.status).toBe(403);
      expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'cross_origin' } });
      expect(viewsOf(page)).toEqual([['Kept', '/companies?q=kept']]);
      expect(columnsOf(page)).toEqual(DEFAULT_COLUMNS);
    });

    it('when nobody is signed in answers 401', async () => {
      const answer = await postFields(app.agent(), app.origin + path, fields, JSON_HEADERS);

      expect(answer.status).toBe(401);
      expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'sign_in_required' } });
    });
  });

  describe('the way back from a form', () => {
    it.each([
      'https://evil.example/companies',
      '//evil.example/companies',
      '/\\evil.example',
      '/.//evil.example',
      'javascript:alert(1)',
      '/logout',
      '',
    ])('is never “%s”', async (returnTo) => {
      const agent = await somebody();

      const answers = [
        await forget(agent, 'unknown', returnTo),
        await arrange(agent, ['id'], [['returnTo', returnTo]]),
      ];

      expect(answers.map(({ status, location }) => [status, location])).toEqual([
        [303, '/companies'],
        [303, '/companies'],
      ]);
    });

    it('is the list as it was, with a long search and many filters', async () => {
      const agent = await somebody();
      const types = ['CUSTOMER', 'SUPPLIER', 'COMPETITOR', 'PARTNER', 'OTHER', '-'].join();
      const others = `industry=IT,TELECOM,BANKING,1,2&created_from=2024-01-01&revenue_to=1&sort=title`;
      const address = `/companies?q=${encodeURIComponent('Ж'.repeat(255))}&type=${types}&${others}`;

      const answer = await arrange(agent, ['id'], [['returnTo', address]]);

      expect(answer).toMatchObject({ status: 303, location: address });
    });
  });
});

/** Name and address of each saved view, as a reader sees them. */
function viewsOf(html: string): string[][] {
  return [
    ...html.matchAll(/<li class="saved-view">\s*<a class="menu-item" href="([^"]*)"[^>]*><bdi>([^<]*)</g),
  ].map(([, href = '', name = '']) => [unescapeHtml(name), unescapeHtml(href)]);
}

function currentViewsOf(html: string): (string | undefined)[] {
  return [...html.matchAll(/<a class="menu-item" href="[^"]*" aria-current="page"><bdi>([^<]*)</g)].map(
    ([, name]) => name,
  );
}

function firstIdOf(html: string): string {
  return /<button class="quiet" name="id" value="([^"]*)"/.exec(html)?.[1] ?? '';
}

function columnsOf(html: string): (string | undefined)[] {
  return [...html.matchAll(/<th scope="col" class="col-(\w+)"/g)].map(([, name]) => name);
}

/** Those of the first row. */
function cellsOf(html: string): (string | undefined)[] {
  const [row = ''] = /<tbody>[\s\S]*?<\/tr>/.exec(html) ?? [];
  return [...row.matchAll(/<t[hd] (?:scope="row" )?class="col-(\w+)/g)].map(([, name]) => name);
}

/** What the form of the layout has ticked. */
function tickedOf(html: string): (string | undefined)[] {
  const [form = ''] = /<form[^>]*action="\/companies\/layout">[\s\S]*?<\/form>/.exec(html) ?? [];
  return [...form.matchAll(/value="(\w+)" checked/g)].map(([, value]) => value);
}

function densityOf(html: string): string | undefined {
  return /<body class="wide (\w+)">/.exec(html)?.[1];
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
