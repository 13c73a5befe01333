import { crmColumns } from '../crm/columns.ts';
import { CommunicationIndex } from '../crm/communication-index.ts';
import { CompanyCollection, type CompanySource } from '../crm/company-collection.ts';
import { CONTACT_FIELDS } from '../crm/contact-fields.ts';
import { type DealCategory, demoDealCategories } from '../crm/deal-categories.ts';
import { dealColumns } from '../crm/deal-columns.ts';
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
import { requireZone, type ServerZone } from '../server-zone.ts';
import { StoredOptions } from './stored-options.ts';

/** A user of this portal, with defaults for all optional properties. */
export type PortalUser = Required<PortalUserOptions>;

/** An emulated Bitrix24 portal: its users, its CRM data, and whether the application is installed. */
export class Portal {
  readonly memberId: string;
  readonly title: string;
  readonly language: Language;
  /** The server's zone, in which answers write dates and filters read them. */
  readonly serverZone: ServerZone;
  readonly timeZone: string;
  readonly dictionaries: Dictionaries;
  readonly userFields: UserField[];
  readonly companies: CompanyCollection;
  readonly contacts: RelatedCollection<ContactRow>;
  readonly deals: RelatedCollection<DealRow>;
  readonly dealCategories: DealCategory[];
  /** Phones and e-mails of companies and contacts, as `crm.duplicate.findbycomm` searches them. */
  readonly communications: Record<'COMPANY' | 'CONTACT', CommunicationIndex>;
  readonly storedOptions = new StoredOptions();
  host: string;
  installed = true;
  /** Increases with each removal, so that tokens issued before stay invalid after a new installation. */
  installation = 1;
  unpaid = false;
  readonly #users: Map<number, PortalUser>;
  readonly #sessions = new Map<string, number>();
  readonly #scope: string[] | undefined;

  /** @throws {RangeError}  there is no time zone of this name */
  constructor(options: PortalOptions) {
    this.host = options.host.toLowerCase();
    this.memberId = options.memberId ?? randomHex(32);
    this.language = options.language ?? 'en';
    this.title = options.title ?? (this.language === 'ru' ? 'Портал' : 'Portal');
    this.serverZone = requireZone(options.serverTimeZone ?? options.utcOffset ?? '+00:00');
    this.timeZone = options.timeZone ?? 'Etc/UTC';
    this.userFields = options.userFields ?? demoUserFields(this.language);
    this.dictionaries = completeDictionaries(this.language, options.dictionaries);
    this.#scope = options.scope;
    this.dealCategories = options.dealCategories ?? demoDealCategories(this.language);
    this.#users = new Map(options.users.map((user) => [user.id, completeUser(user, this.timeZone)]));
    this.companies = new CompanyCollection(
      Array.isArray(options.companies) ? options.companies : this.#companySource(options.companies),
      { userFields: this.userFields, zone: this.serverZone },
    );
    const { contacts, deals } = withRelations(options);
    const { companies, serverZone: zone } = this;
    this.contacts = new RelatedCollection(
      contacts === 'made'
        ? contactSource(this.#generatorOptions)
        : contacts.map((row) => completeMultifields({ ...row })),
      { companies, fields: CONTACT_FIELDS, columns: crmColumns(CONTACT_FIELDS, zone) },
    );
    this.deals = new RelatedCollection(
      deals === 'made' ? dealSource({ ...this.#generatorOptions, categories: this.dealCategories }) : deals,
      { companies, fields: DEAL_FIELDS, columns: dealColumns(this.dealCategories, zone) },
    );
    this.communications = {
      COMPANY: new CommunicationIndex(companies, companies),
      CONTACT: new CommunicationIndex(this.contacts, companies),
    };
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

  /** The permissions that this portal grants to an application: those on its card that the portal allows. */
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

  /** Different for each portal, because browsers share cookies between ports of one host. */
  get cookieName(): string {
    return `emulator_portal_${this.memberId}`;
  }

  /** @returns  the session id, the value of the portal's cookie */
  signIn(user: PortalUser): string {
    const session = randomHex(32);
    this.#sessions.set(session, user.id);
    return session;
  }

  signOut(session: string | undefined): void {
    if (session !== undefined) this.#sessions.delete(session);
  }

  /** The portal user who is signed in with this cookie; undefined for a dismissed user. */
  signedInUser(cookies: ReadonlyMap<string, string>): PortalUser | undefined {
    const userId = this.#sessions.get(cookies.get(this.cookieName) ?? '');
    const user = userId === undefined ? undefined : this.findUser(userId);
    return user?.active ? user : undefined;
  }

  #companySource(companies: GeneratedCompanies): CompanySource {
    return companySource({ ...companies, ...this.#generatorOptions, userFields: this.userFields });
  }

  /** Options shared by the generators of companies, contacts and deals. */
  get #generatorOptions() {
    const { language, serverZone: zone } = this;
    const responsibleIds = this.users.filter((user) => user.crm !== 'none').map((user) => user.id);
    return { language, zone, responsibleIds };
  }
}

/** Default: contacts and deals are generated if the companies are; otherwise there are none. */
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
