import { startServer } from '../../src/boot/start-server.ts';
import { readConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/log.ts';

/**
 * The server with another exclusive time (refresh.md section 5, L), for a test that could not wait for the real one:
 * `node --import tsx test/chaos/replica.ts 4000`. All else is as src/server.ts has it.
 */
const exclusiveMs = Number(process.argv[2]);
const config = readConfig(process.env);
const logger = createLogger({ level: config.logLevel, isPretty: false });
const server = await startServer(config, logger, { exclusiveMs });
process.once('SIGTERM', () => void server.stop().then(() => process.exit(0)));
