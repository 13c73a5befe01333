/** A `tel:` link, if there is anything to dial. */
export function phoneHref(phone: string): string | undefined {
  const digits = phone.replace(/[^\d+]/g, '').replace(/(?!^)\+/g, '');
  return /\d{2}/.test(digits) ? `tel:${digits}` : undefined;
}

/** A `mailto:` link, if it looks like an address. Encoded, so that it cannot bring a subject or copies with it. */
export function mailHref(email: string): string | undefined {
  const match = /^([^\s@]+)@([^\s@]+)$/.exec(email.trim());
  if (!match?.[1] || !match[2]) return undefined;
  return `mailto:${encodeURIComponent(match[1])}@${encodeURIComponent(match[2])}`;
}

/** A link from CRM data, if it is http or https; any other scheme could run something. */
export function webHref(address: string): string | undefined {
  const text = address.trim();
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : undefined;
}
