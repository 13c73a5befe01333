import { describe, expect, it } from '@jest/globals';
import { groupFields } from '../../../src/bitrix24/crm/field-groups.ts';

describe('groupFields()', () => {
  it('when an address has a number in another module › shows the address, and not the number', () => {
    const names = ['ADDRESS', 'ADDRESS_LOC_ADDR_ID', 'REG_ADDRESS_CITY', 'REG_ADDRESS_LOC_ADDR_ID'];

    const { groups } = groupFields(names.map((name) => ({ name, label: name, values: [] })));

    expect(groups.find(({ name }) => name === 'address')?.fields.map(({ name }) => name)).toEqual([
      'ADDRESS',
      'REG_ADDRESS_CITY',
    ]);
  });
});
