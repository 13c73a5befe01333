import type { Answer, AnswerCache } from '../answers/answer-cache.ts';
import {
  type CompanyCard,
  type CompanyPage,
  type CompanyQuery,
  listCompanies,
  loadCompany,
} from '../bitrix24/company.ts';
import { Vocabulary } from '../bitrix24/vocabulary.ts';
import { type ReadingDependencies, restClientOf } from './reading.ts';
import type { SignedIn } from './session.ts';

/** Reads companies for people: kept answers where there are any, the portal where there are none. */
export interface CompanyReader {
  /** @throws as listCompanies */
  list(person: SignedIn, query: CompanyQuery): Promise<Answer<CompanyPage>>;
  /** @throws as loadCompany */
  card(person: SignedIn, id: number): Promise<Answer<CompanyCard>>;
  /** What this person was shown before is shown no more. */
  forget(person: SignedIn): Promise<void>;
}

export function createCompanyReader(
  dependencies: ReadingDependencies & { answers: AnswerCache },
): CompanyReader {
  const { answers, clientId } = dependencies;
  const ownerOf = ({ memberId, userId }: SignedIn) => `${memberId}:${clientId}:${userId}`;
  const wordsOf = (person: SignedIn) => answers.companion(ownerOf(person), () => new Vocabulary());

  return {
    list: (person, query) =>
      answers.read(
        { owner: ownerOf(person), question: `list ${JSON.stringify(query)}` },
        Date.parse(person.since),
        () => listCompanies(restClientOf(person, dependencies), query, wordsOf(person)),
      ),
    card: (person, id) =>
      answers.read({ owner: ownerOf(person), question: `card ${id}` }, Date.parse(person.since), () =>
        loadCompany(restClientOf(person, dependencies), id, wordsOf(person)),
      ),
    forget: (person) => answers.forget(ownerOf(person)),
  };
}
