import type { Visitor } from '../../test/chaos/harness/visit.ts';
import type { World } from '../../test/chaos/harness/world.ts';
import type { Sighting } from './sighting.ts';

export interface Load {
  world: World;
  /** Signed in. */
  visitors: Visitor[];
  companies: number;
  /** They begin within this, so that their access tokens do not all end at the same moment. */
  spreadMs: number;
  see: (sighting: Sighting) => void;
  isOver: () => boolean;
}
