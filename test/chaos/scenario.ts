import type { Size } from './harness/size.ts';
import type { World, WorldOptions } from './harness/world.ts';

/** What came out, in figures, and whether that is what was expected. */
export interface Verdict {
  measured: string;
  ok: boolean;
}

/** One way in which tokens could get lost. */
export interface Scenario {
  /** As in the table of refresh.md section 7, or a word. */
  id: string;
  title: string;
  expected: string;
  /** What it needs around it; nobody else uses that world meanwhile. */
  world: Omit<WorldOptions, 'size' | 'folder'>;
  /** Runs among the tests of `npm test` as well. */
  isBounded?: boolean;
  run(world: World, size: Size): Promise<Verdict>;
}

/** `lost 0, AS calls 1`: in the order given. */
export function tell(figures: Record<string, number | string>): string {
  return Object.entries(figures)
    .map(([name, figure]) => `${name} ${figure}`)
    .join(', ');
}
