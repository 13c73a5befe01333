import type { CrmReference } from '../bitrix24/crm/crm-reference.ts';
import { contactPage, dealPage, itemPage, leadPage, type Portal } from '../bitrix24/portal.ts';

/** A `tel:` link; undefined where there is no number to dial. */
export function phoneHref(phone: string): string | undefined {
  // What follows a number, an extension or a second number, would be dialled as part of it.
  const number = /\+?\(?\d[\d\s()+.\p{Pd}\p{Cf}\u2212]*/u.exec(phone)?.[0].replace(/(?!^\+)[^\d]/g, '') ?? '';
  return /\d{2}/.test(number) ? `tel:${number}` : undefined;
}

/** A `mailto:` link; undefined for what is no address. Encoded, so that the value cannot add a subject or recipients. */
export function mailHref(email: string): string | undefined {
  const match = /^([^\s@]+)@([^\s@]+)$/.exec(email.trim());
  // A lone surrogate makes encodeURIComponent throw.
  if (!match?.[1] || !match[2] || /\p{Surrogate}/u.test(email)) return undefined;
  return `mailto:${encodeURIComponent(match[1])}@${encodeURIComponent(match[2])}`;
}

/** `www.acme.example`, `acme.example:8080/shop`: how people write addresses. */
const WITHOUT_SCHEME = /^([\p{L}\p{N}-]+\.)+\p{L}{2,}(:\d+)?([/?#]\S*)?$/u;

/** A link from CRM data, if it is http or https: `javascript:` and other schemes could run code. */
export function webHref(address: string): string | undefined {
  const trimmed = address.trim();
  const text = WITHOUT_SCHEME.test(trimmed) ? `http://${trimmed}` : trimmed;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : undefined;
}

/** Our page of a company, the portal's own page of another record; undefined where it is not known to have one. */
export function referenceHref(portal: Portal, { to, id, entityTypeId }: CrmReference): string | undefined {
  if (to === 'company') return `/companies/${id}`;
  if (to === 'contact') return contactPage(portal, id);
  if (to === 'deal') return dealPage(portal, id);
  if (to === 'lead') return leadPage(portal, id);
  return entityTypeId === undefined ? undefined : itemPage(portal, entityTypeId, id);
}
