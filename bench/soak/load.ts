import type { Visitor } from '../../test/chaos/harness/visit.ts';
import type { World } from '../../test/chaos/harness/world.ts';
import type { Observation } from './observation.ts';

export interface Load {
  world: World;
  /** Signed-in users. */
  visitors: Visitor[];
  companies: number;
  /** Users start at random within this time, so that their access tokens do not all expire together. */
  spreadMs: number;
  record: (observation: Observation) => void;
  isOver: () => boolean;
}
