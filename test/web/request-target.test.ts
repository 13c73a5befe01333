import { describe, expect, it } from '@jest/globals';
import { pathAskedFor } from '../../src/web/request-target.ts';

describe('pathAskedFor()', () => {
  it.each([
    ['/companies?q=a%20b', '/companies?q=a%20b'],
    ['/', '/'],
    ['//evil.example/x', '//evil.example/x'],
    ['/companies#top', '/companies'],
    ['/companies?q=1#a?b#c', '/companies?q=1'],
    ['//#@evil.example', '//'],
    ['http://app.example/companies?q=1', '/companies?q=1'],
    ['http://app.example', '/'],
    ['*', '/'],
    ['mailto:a@b', '/'],
    ['', '/'],
  ])('when a request line holds %j › %j is meant', (target, path) => {
    expect(pathAskedFor(target)).toBe(path);
  });
});
