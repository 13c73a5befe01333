import { runAdminProgram } from './boot/admin-program.ts';

/** `npm run rekey`: the command `rekey` of `npm run admin`, under the name that deployments know. */
await runAdminProgram(['rekey']);
