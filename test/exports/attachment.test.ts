import { describe, expect, it } from '@jest/globals';
import { attachmentHeader } from '../../src/exports/attachment.ts';

describe('attachmentHeader()', () => {
  it('when the name is Russian › has it, and a readable one of ASCII', () => {
    expect(attachmentHeader('Компании 1.csv', 'companies-2026-12-01.csv')).toBe(
      `attachment; filename="companies-2026-12-01.csv"; filename*=UTF-8''%D0%9A%D0%BE%D0%BC%D0%BF%D0%B0%D0%BD%D0%B8%D0%B8%201.csv`,
    );
  });

  it('when the name has signs that the header may not hold › they are encoded', () => {
    expect(attachmentHeader(`a"'(*)!;\r\n\ud800.csv`, 'a.csv')).toBe(
      `attachment; filename="a.csv"; filename*=UTF-8''a%22%27%28%2A%29%21%3B%0D%0A%EF%BF%BD.csv`,
    );
  });
});
