import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Stylesheets, scripts and icons, served as they are. */
export const PUBLIC = join(import.meta.dirname, '../../public');
/** A path of their own, so that no request for a page looks for a file. */
export const ASSETS = '/assets';

/** Addresses of the files in public/. They change with the content, so that browsers may keep the files. */
export function assetAddresses(at: (address: string) => string): (name: string) => string {
  const versions = new Map(
    readdirSync(PUBLIC).map((name) => {
      const digest = createHash('sha256')
        .update(readFileSync(join(PUBLIC, name)))
        .digest('hex');
      return [name, at(`${ASSETS}/${name}?v=${digest.slice(0, 8)}`)];
    }),
  );
  return (name) => versions.get(name) ?? at(`${ASSETS}/${name}`);
}
