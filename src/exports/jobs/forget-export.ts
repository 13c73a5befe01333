import type { ExportFiles } from './export-files.ts';
import type { ExportRef } from './export-job.ts';
import type { ExportRecords } from './export-records.ts';

/** Removes record and files. Without a record, a process that works on it breaks off and removes what it has written since. */
export async function forgetExport(
  { records, files }: { records: ExportRecords; files: ExportFiles },
  ref: ExportRef,
): Promise<void> {
  await records.forget(ref);
  await files.remove(ref);
}
