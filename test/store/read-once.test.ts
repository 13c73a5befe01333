import { describe, expect, it } from '@jest/globals';
import { readOnce } from '../../src/store/read-once.ts';

describe('readOnce()', () => {
  /** Remembers what it was asked to read. */
  function aReader() {
    const asked: string[] = [];
    const read = readOnce((text) => {
      asked.push(text);
      return { length: text.length };
    });
    return { asked, read };
  }

  it('when the same text comes again › what was read is there already', () => {
    const { asked, read } = aReader();

    const values = [read('one'), read('two'), read(`${'o'}ne`), read('')];

    expect(values).toEqual([{ length: 3 }, { length: 3 }, { length: 3 }, { length: 0 }]);
    expect(values[2]).toBe(values[0]);
    expect(asked).toEqual(['one', 'two', '']);
  });

  it('when there is more than fits › what was asked for longest ago is read anew', () => {
    const { asked, read } = aReader();
    const texts = ['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(1024 * 1024));

    for (const text of texts) read(text);
    read(texts[4] ?? '');
    read(texts[0] ?? '');

    expect(asked.map(([letter]) => letter)).toEqual(['a', 'b', 'c', 'd', 'e', 'a']);
  });

  it('when a text is larger than all that fits › it is read each time', () => {
    const { asked, read } = aReader();
    const text = 'x'.repeat(5 * 1024 * 1024);

    expect([read(text), read(text)]).toEqual([{ length: text.length }, { length: text.length }]);
    expect(asked).toHaveLength(2);
  });
});
