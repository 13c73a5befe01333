import { describe, expect, it } from '@jest/globals';
import { aDeal } from '../../emulator/builders.ts';
import { aCompany, aPortal } from '../support/builders.ts';
import { startApp } from '../support/start-app.ts';

describe.each<['absent' | { atMost: 50 }]>([['absent'], [{ atMost: 50 }]])(
  'a portal whose totals are %j',
  (listTotals) => {
    it('every company is on a page, each page leads to the next, and the card tells that there are more deals', async () => {
      const companies = Array.from({ length: 120 }, (_, index) => aCompany({ ID: String(index + 1) }));
      const deals = Array.from({ length: 60 }, (_, index) =>
        aDeal({ ID: String(index + 1), COMPANY_ID: '5' }),
      );
      const app = await startApp({ emulator: { portals: [aPortal({ companies, deals })], listTotals } });
      try {
        const agent = app.agent();
        await app.signIn(agent);

        const linked: string[] = [];
        let address: string | undefined = '/companies';
        while (address) {
          const { text } = await agent.visit(`${app.origin}${address}`);
          linked.push(...[...text.matchAll(/href="\/companies\/(\d+)/g)].map(([, id = '']) => id));
          address = /rel="next" href="([^"]*)"/.exec(text)?.[1];
        }
        const card = await agent.visit(`${app.origin}/companies/5`);

        expect(new Set(linked).size).toBe(120);
        expect(card.text).toContain('<span class="number">50+</span>');
      } finally {
        await app.stop();
      }
    });
  },
);
