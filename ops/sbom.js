import { execFileSync } from 'node:child_process';

/**
 * `npm run --silent sbom` prints the packages of production as CycloneDX on standard output. It reads the lock file, so no
 * packages need to be installed.
 *
 * `npm sbom --omit dev` also omits packages that production and development both need, such as axios (observed with npm
 * 11.19.1, 2026-11-26). So this program lists all packages, and removes those that npm marks as development only.
 */
const options = ['--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
const sbom = JSON.parse(
  execFileSync('npm', ['sbom', ...options], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }),
);

const components = sbom.components.filter((component) => !isForDevelopment(component));
const kept = new Set([sbom.metadata.component, ...components].map((component) => component['bom-ref']));
const dependencies = sbom.dependencies
  .filter(({ ref }) => kept.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => kept.has(each)) }));
process.stdout.write(`${JSON.stringify({ ...sbom, components, dependencies }, null, 2)}\n`);

function isForDevelopment({ properties = [] }) {
  return properties.some(({ name, value }) => name === 'cdx:npm:package:development' && value === 'true');
}
