import { runAdminProgram } from './boot/admin-program.ts';

/** `npm run admin -- <command>`: what operators do to the store, the same on every kind of store; see admin/arguments.ts. */
await runAdminProgram(process.argv.slice(2));
