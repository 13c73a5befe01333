import { describe, expect, it } from '@jest/globals';
import { createSubPath } from '../../src/web/sub-path.ts';

describe('createSubPath()', () => {
  it.each([
    ['https://crm.example', '/companies?q=a', '/companies?q=a'],
    ['https://host.example/companies-app', '/companies?q=a', '/companies-app/companies?q=a'],
    ['https://host.example/a/b', '/', '/a/b/'],
    ['https://host.example/companies-app', 'https://acme.bitrix24.com/', 'https://acme.bitrix24.com/'],
    ['https://host.example/companies-app', 'tel:+7499', 'tel:+7499'],
  ])('when PUBLIC_URL is %s › a browser is told %s as %s', (publicUrl, address, told) => {
    expect(createSubPath(new URL(publicUrl)).at(address)).toBe(told);
  });

  it.each([
    ['https://crm.example', '/companies', '/companies'],
    ['https://host.example/companies-app', '/companies-app/companies/7?q=a', '/companies/7?q=a'],
    ['https://host.example/companies-app', '/companies-app', '/'],
    ['https://host.example/companies-app', '/companies-app/', '/'],
    ['https://host.example/companies-app', '/companies-app?returnTo=%2Foverview', '/?returnTo=%2Foverview'],
    // Another application, whose name begins with ours.
    ['https://host.example/companies-app', '/companies-app-2/companies', '/companies-app-2/companies'],
    // Its name is that of one of our pages.
    ['https://host.example/companies', '/companies/companies/7', '/companies/7'],
    // The proxy has taken the path off, or a health check asks the process itself.
    ['https://host.example/companies-app', '/companies/7', '/companies/7'],
    ['https://host.example/companies-app', '/healthz', '/healthz'],
  ])('when PUBLIC_URL is %s › a request for %s asks for %s', (publicUrl, target, path) => {
    expect(createSubPath(new URL(publicUrl)).inside(target)).toBe(path);
  });

  it.each([
    ['https://crm.example', '/'],
    ['https://host.example/companies-app', '/companies-app'],
  ])('when PUBLIC_URL is %s › cookies are valid below %s', (publicUrl, path) => {
    expect(createSubPath(new URL(publicUrl)).cookiePath).toBe(path);
  });
});
