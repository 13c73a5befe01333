import { CompanyCollection, type CompanySource } from '../crm/company-collection.ts';
import { CONTACT_FIELDS } from '../crm/contact-fields.ts';
import { type DealCategory, demoDealCategories } from '../crm/deal-categories.ts';
import { DEAL_FIELDS } from '../crm/deal-fields.ts';
import { completeDictionaries, type Dictionaries } from '../crm/dictionaries.ts';
import { RelatedCollection } from '../crm/related-collection.ts';
import { type ContactRow, completeMultifields, type DealRow } from '../crm/row.ts';
import { demoUserFields, type UserField } from '../crm/user-fields.ts';
import { companySource } from '../demo/generate-companies.ts';
import { contactSource } from '../demo/generate-contacts.ts';
import { dealSource } from '../demo/generate-deals.ts';
import type { Language } from '../language.ts';
import type { GeneratedCompanies, PortalOptions, PortalUserOptions } from '../options.ts';
import { randomHex } from '../secrets.ts';

/** Somebody of this portal, everything optional filled in. */
export type PortalUser = Required<PortalUserOptions>;

/** One emulated Bitrix24: its people, its data, and whether our application may be here. */
export class Portal {
  readonly memberId: string;
  readonly title: string;
  readonly language: Language;
  readonly utcOffset: string;
  readonly timeZone: string;
  readonly dictionaries: Dictionaries;
  readonly userFields: UserField[];
  readonly companies: CompanyCollection;
  readonly contacts: RelatedCollection<ContactRow>;
  readonly deals: RelatedCollection<DealRow>;
  readonly dealCategories: DealCategory[];
  host: string;
  installed = true;
  /** Counts up with each removal, so that tokens of before stay dead after a new installation. */
  installation = 1;
  unpaid = false;
  readonly #users: Map<number, PortalUser>;
  readonly #sessions = new Map<string, number>();
  readonly #scope: string[] | undefined;

  constructor(options: PortalOptions) {
    this.host = options.host.toLowerCase();
    this.memberId = options.memberId ?? randomHex(32);
    this.language = options.language ?? 'en';
    this.title = options.title ?? (this.language === 'ru' ? 'Портал' : 'Portal');
    this.utcOffset = options.utcOffset ?? '+00:00';
    this.timeZone = options.timeZone ?? 'Etc/UTC';
    this.userFields = options.userFields ?? demoUserFields(this.language);
    this.dictionaries = completeDictionaries(this.language, options.dictionaries);
    this.#scope = options.scope;
    this.dealCategories = options.dealCategories ?? demoDealCategories(this.language);
    this.#users = new Map(options.users.map((user) => [user.id, completeUser(user, this.timeZone)]));
    this.companies = new CompanyCollection(
      Array.isArray(options.companies) ? options.companies : this.#companySource(options.companies),
      { userFields: this.userFields, utcOffset: this.utcOffset },
    );
    const { contacts, deals } = withRelations(options);
    const { companies, utcOffset } = this;
    this.contacts = new RelatedCollection(
      contacts === 'made'
        ? contactSource(this.#generatorOptions)
        : contacts.map((row) => completeMultifields({ ...row })),
      { companies, fields: CONTACT_FIELDS, utcOffset },
    );
    this.deals = new RelatedCollection(
      deals === 'made' ? dealSource({ ...this.#generatorOptions, categories: this.dealCategories }) : deals,
      { companies, fields: DEAL_FIELDS, utcOffset },
    );
  }

  get users(): PortalUser[] {
    return [...this.#users.values()];
  }

  findUser(id: number): PortalUser | undefined {
    return this.#users.get(id);
  }

  changeUser(id: number, changes: Partial<PortalUserOptions>): void {
    const user = this.#users.get(id);
    if (user === undefined) throw new Error(`portal ${this.host} has no user ${id}`);
    this.#users.set(id, { ...user, ...changes, id });
  }

  /** The permissions an application has here: those on its card, as far as this portal grants them. */
  grantedScope(cardScope: string[]): string[] {
    return cardScope.filter((scope) => this.#scope?.includes(scope) ?? true);
  }

  uninstall(): void {
    this.installed = false;
    this.installation += 1;
  }

  install(): void {
    this.installed = true;
  }

  /** A name of its own per portal: browsers do not keep the cookies of two ports of one host apart. */
  get cookieName(): string {
    return `emulator_portal_${this.memberId}`;
  }

  /** @returns  the value of the cookie that says who is signed in to this portal */
  signIn(user: PortalUser): string {
    const session = randomHex(32);
    this.#sessions.set(session, user.id);
    return session;
  }

  signOut(session: string | undefined): void {
    if (session !== undefined) this.#sessions.delete(session);
  }

  /** Who is signed in to the portal by this cookie; somebody dismissed is not. */
  signedInUser(cookies: ReadonlyMap<string, string>): PortalUser | undefined {
    const userId = this.#sessions.get(cookies.get(this.cookieName) ?? '');
    const user = userId === undefined ? undefined : this.findUser(userId);
    return user?.active ? user : undefined;
  }

  #companySource(companies: GeneratedCompanies): CompanySource {
    return companySource({ ...companies, ...this.#generatorOptions, userFields: this.userFields });
  }

  /** What everything that is made here has in common. */
  get #generatorOptions() {
    const { language, utcOffset } = this;
    const responsibleIds = this.users.filter((user) => user.crm !== 'none').map((user) => user.id);
    return { language, utcOffset, responsibleIds };
  }
}

/** Made companies have made contacts and deals; given ones have those that are given. */
function withRelations({ companies, contacts, deals }: PortalOptions) {
  const byDefault = Array.isArray(companies) ? [] : 'made';
  return { contacts: contacts ?? byDefault, deals: deals ?? byDefault } as const;
}

function completeUser(user: PortalUserOptions, timeZone: string): PortalUser {
  return {
    timeZone,
    admin: false,
    email: `${user.login}@example.com`,
    position: '',
    gender: 'M',
    crm: 'all',
    appAccess: true,
    active: true,
    offered: true,
    ...user,
  };
}
